import { limits } from '../config/limits.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type EventLog, EventLogUnavailable, type RecordedEvent } from './event-log.ts';
import { beginLogEpoch } from './log-epoch.ts';

/** A stream of the target holds something else than the source's: the two are not the same history. */
export class LogCopyConflict extends Error {
  override readonly name = 'LogCopyConflict';
}

export interface LogCopyOptions {
  readonly source: EventLog;
  readonly target: EventLog;
  readonly runtime: Runtime;
  readonly onProgress?: (copied: { readonly events: number }) => void;
}

/**
 * Copies every event that is in no system stream, in the log's order, with its id, data, metadata and revision. Then
 * begins a new epoch in the target, since positions are others there. Nobody may append to either meanwhile.
 *
 * It may be run again after it was interrupted: what the target has already is recognised and not written twice.
 * Answers how many events there are. Throws `LogCopyConflict` and `EventLogUnavailable`.
 */
export async function copyLog({ source, target, runtime, onProgress }: LogCopyOptions): Promise<number> {
  let events = 0;
  let run: RecordedEvent[] = [];
  let runBytes = 0;
  const flush = async (): Promise<void> => {
    await appendRun(target, run);
    events += run.length;
    run = [];
    runBytes = 0;
    onProgress?.({ events });
  };
  for await (const event of source.readAll()) {
    // Neighbours of one stream go together; the order of the log stays.
    const [first] = run;
    const bytes = JSON.stringify(event.data).length + JSON.stringify(event.metadata).length;
    const full =
      run.length >= limits.commands.copyRunEventsMax || runBytes + bytes > limits.commands.copyRunBytesMax;
    if (first !== undefined && (first.stream !== event.stream || full)) await flush();
    run.push(event);
    runBytes += bytes;
  }
  if (run.length > 0) await flush();
  await beginLogEpoch(target, runtime);
  return events;
}

async function appendRun(target: EventLog, run: readonly RecordedEvent[]): Promise<void> {
  const [first] = run;
  if (first === undefined) return;
  const { stream, revision } = first;
  const result = await target.append(stream, revision === 0 ? 'no-stream' : revision - 1, run);
  if (result.kind === 'unknown') throw new EventLogUnavailable(`the target did not answer: ${result.cause}`);
  if (result.kind === 'conflict') {
    throw new LogCopyConflict(
      `the target's stream ${stream} does not fit: revision ${revision} comes next, and it ends at ${result.currentRevision}`,
    );
  }
}

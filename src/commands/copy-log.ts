import type { Runtime } from '../runtime/runtime.ts';
import type { EventLog } from './event-log.ts';
import { beginEpochBehind, EpochRevision } from './log-epoch.ts';
import { RunAppender } from './run-appender.ts';

export interface LogCopyOptions {
  readonly source: EventLog;
  readonly target: EventLog;
  readonly runtime: Runtime;
  readonly onProgress?: (copied: { readonly events: number }) => void;
}

/**
 * Copies every event that is in no system stream, in the log's order, with its id, data, metadata and revision. Then
 * begins a new epoch in the target, once, since positions are others there. Nobody may append to either meanwhile.
 *
 * It may be run again after it was interrupted: what the target has already is recognised and not written twice.
 * Answers how many events there are. Throws `LogCopyConflict` and `EventLogUnavailable`.
 */
export async function copyLog({ source, target, runtime, onProgress }: LogCopyOptions): Promise<number> {
  const appender = new RunAppender({ target });
  const epoch = new EpochRevision();
  for await (const event of source.readAll()) {
    await appender.add(event);
    epoch.note(event);
    onProgress?.({ events: copied(appender) });
  }
  await appender.flush();
  await beginEpochBehind(target, runtime, epoch.revision);
  return copied(appender);
}

function copied({ counts }: RunAppender): number {
  return counts.held + counts.appended;
}

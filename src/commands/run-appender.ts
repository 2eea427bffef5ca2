import { limits } from '../config/limits.ts';
import { type EventLog, EventLogUnavailable, type RecordedEvent, START } from './event-log.ts';

/**
 * Copying would change history: the target's stream holds something else, or an event would get another revision
 * than it has. The message names stream and revision.
 */
export class LogCopyConflict extends Error {
  override readonly name = 'LogCopyConflict';
}

export interface RunAppenderOptions {
  readonly target: EventLog;
  /** Look only: compare what the target has, append nothing. */
  readonly dryRun?: boolean;
}

/** How many events were looked at: those that the target had already, and those that it has, or would have, now. */
export interface CopyCounts {
  readonly held: number;
  readonly appended: number;
}

/**
 * Brings the events of one log into another, one by one in the log's order, with their revisions. Neighbours of one
 * stream go in one append. What the target has already is compared, id by id, and not written again: that is how an
 * interrupted copy goes on. Nobody else may append to the target meanwhile.
 *
 * `add` and `flush` throw `LogCopyConflict` and what the log throws.
 */
export class RunAppender {
  readonly #target: EventLog;
  readonly #dryRun: boolean;
  /** Whether the next run may be there already; asked of the log first. */
  #comparing: boolean | undefined;
  #run: RecordedEvent[] = [];
  #runBytes = 0;
  #held = 0;
  #appended = 0;

  constructor({ target, dryRun = false }: RunAppenderOptions) {
    this.#target = target;
    this.#dryRun = dryRun;
  }

  get counts(): CopyCounts {
    return { held: this.#held, appended: this.#appended };
  }

  /** Takes the next event; what stood before it may be appended now. */
  async add(event: RecordedEvent): Promise<void> {
    refuseUnreadable(event);
    const { copyRunEventsMax, copyRunBytesMax } = limits.commands;
    const [first] = this.#run;
    const bytes =
      Buffer.byteLength(JSON.stringify(event.data)) + Buffer.byteLength(JSON.stringify(event.metadata));
    const full = this.#run.length >= copyRunEventsMax || this.#runBytes + bytes > copyRunBytesMax;
    if (first !== undefined && (first.stream !== event.stream || full)) await this.flush();
    this.#run.push(event);
    this.#runBytes += bytes;
  }

  /** Appends what was added and waits for the log. */
  async flush(): Promise<void> {
    const run = this.#run;
    const [first] = run;
    this.#run = [];
    this.#runBytes = 0;
    if (first === undefined) return;
    this.#comparing ??= (await this.#target.head()) > START;
    const held = this.#comparing ? await this.#countHeld(run) : 0;
    // The copy goes in the log's order: behind the first event that is not there, none is.
    if (held < run.length && !this.#dryRun) this.#comparing = false;
    this.#held += held;
    this.#appended += run.length - held;
    if (held < run.length && !this.#dryRun) await this.#append(run.slice(held));
  }

  async #append(events: readonly RecordedEvent[]): Promise<void> {
    const [first] = events;
    if (first === undefined) return;
    const { stream, revision } = first;
    const result = await this.#target.append(stream, revision === 0 ? 'no-stream' : revision - 1, events);
    if (result.kind === 'appended') return;
    if (result.kind === 'unknown')
      throw new EventLogUnavailable(`the target did not answer: ${result.cause}`);
    // Says what is there instead, if anything is.
    await this.#countHeld(events);
    throw new LogCopyConflict(
      `The target's stream ${stream} ends at revision ${result.currentRevision}, and the next event for it has ` +
        `revision ${revision}: it would be renumbered`,
    );
  }

  /** How many of the run the target has, from the run's start on. Throws `LogCopyConflict` where it has others. */
  async #countHeld(run: readonly RecordedEvent[]): Promise<number> {
    const [first] = run;
    if (first === undefined) return 0;
    let count = 0;
    const range = { from: first.revision, maxCount: run.length };
    for await (const found of this.#target.readStream(first.stream, range)) {
      const wanted = run[count];
      if (wanted === undefined) break;
      if (found.revision !== wanted.revision) {
        throw new LogCopyConflict(
          `The target's stream ${wanted.stream} has no revision ${wanted.revision} any more: it was truncated`,
        );
      }
      if (found.id !== wanted.id) {
        throw new LogCopyConflict(
          `The target's stream ${wanted.stream} has another event at revision ${wanted.revision}: ` +
            `${found.type} ${found.id} is there, ${wanted.type} ${wanted.id} was to go there`,
        );
      }
      count += 1;
    }
    return count;
  }
}

/** What is not JSON could not be written as it was. Throws `LogCopyConflict`. */
export function refuseUnreadable({ stream, revision, data, metadata }: RecordedEvent): void {
  if (!(data instanceof Uint8Array) && !(metadata instanceof Uint8Array)) return;
  throw new LogCopyConflict(
    `Revision ${revision} of stream ${stream} is not JSON: it is of another program, and cannot be copied as it is`,
  );
}

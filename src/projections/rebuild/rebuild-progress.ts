import type { Position } from '../../commands/event-log.ts';
import type { Clock } from '../../runtime/runtime.ts';

export type RebuildPhase = 'copy' | 'index' | 'compare' | 'swap' | 'drop' | 'done';

/** How a rebuild is getting on. */
export interface RebuildProgress {
  readonly phase: RebuildPhase;
  /** Which projections the phase is about. */
  readonly projections: readonly string[];
  readonly eventsDone: number;
  readonly eventsPerSecond: number;
  /** Where the copy is, and where the log's head was when that was last looked up. */
  readonly position: Position;
  readonly head: Position;
  /** 0 to 1, by positions. */
  readonly fraction: number;
  /** How long the copy still takes at this rate; `undefined` before there is one. */
  readonly remainingMs: number | undefined;
}

/** Counts, and tells `report` where things stand. */
export class ProgressMeter {
  readonly #clock: Clock;
  readonly #report: (progress: RebuildProgress) => void;
  readonly #startedMs: number;
  #eventsDone = 0;
  #position: Position = 0n;
  #head: Position = 0n;

  constructor(clock: Clock, report: (progress: RebuildProgress) => void) {
    this.#clock = clock;
    this.#report = report;
    this.#startedMs = clock.monotonicMs();
  }

  get eventsDone(): number {
    return this.#eventsDone;
  }

  get elapsedMs(): number {
    return this.#clock.monotonicMs() - this.#startedMs;
  }

  copied(events: number, position: Position, head: Position, projections: readonly string[]): void {
    this.#eventsDone += events;
    this.#position = position;
    this.#head = head;
    this.enter('copy', projections);
  }

  enter(phase: RebuildPhase, projections: readonly string[]): void {
    const elapsedMs = Math.max(1, this.elapsedMs);
    const fraction = this.#head <= 0n ? 1 : Math.min(1, Number(this.#position) / Number(this.#head));
    this.#report({
      phase,
      projections,
      eventsDone: this.#eventsDone,
      eventsPerSecond: (this.#eventsDone * 1_000) / elapsedMs,
      position: this.#position,
      head: this.#head,
      fraction,
      remainingMs: fraction > 0 ? (elapsedMs * (1 - fraction)) / fraction : undefined,
    });
  }
}

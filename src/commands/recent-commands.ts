import type { EventMetadata } from '../domain/events.ts';

/** An accepted command: where its events stand in its stream. */
export interface RecentCommand {
  readonly bodyHash: string;
  readonly firstRevision: number;
  readonly lastRevision: number;
  readonly timeMs: number;
}

/** With an id of 36 characters and a hash of 64. Measured: 266. */
const recentCommandBytes = 300;

export type RecentCommandJson = RecentCommand & { readonly commandId: string };

export interface RecentCommandsBounds {
  readonly recentCommandsMin: number;
  readonly recentCommandsMax: number;
  readonly recentCommandsAgeMs: number;
}

/**
 * The commands that a stream accepted lately, by id. It keeps a number of them always, and more while they are
 * younger than the lag of the command history, so that between the two no accepted command is out of sight.
 */
export class RecentCommands {
  readonly #bounds: RecentCommandsBounds;
  /** In the order of the stream: the oldest first. */
  readonly #commands = new Map<string, RecentCommand>();
  #forgottenUntilMs: number | null;

  constructor(
    bounds: RecentCommandsBounds,
    kept: readonly RecentCommandJson[] = [],
    forgottenUntilMs: number | null = null,
  ) {
    this.#bounds = bounds;
    this.#forgottenUntilMs = forgottenUntilMs;
    for (const { commandId, ...command } of kept) this.#commands.set(commandId, command);
  }

  /** The time of the newest forgotten command, ms; `null`: every command of the stream is here. */
  get forgottenUntilMs(): number | null {
    return this.#forgottenUntilMs;
  }

  /** About how many bytes of memory they take. */
  get heldBytes(): number {
    return this.#commands.size * recentCommandBytes;
  }

  find(commandId: string): RecentCommand | undefined {
    return this.#commands.get(commandId);
  }

  /** Whether every command that was accepted at `sinceMs` or later is here, so that absence proves something. */
  covers(sinceMs: number): boolean {
    return this.#forgottenUntilMs === null || this.#forgottenUntilMs < sinceMs;
  }

  /** Takes note of the stream's next event. */
  note(metadata: EventMetadata, revision: number): void {
    const { commandId, bodyHash, timeMs } = metadata;
    const known = this.#commands.get(commandId);
    if (known !== undefined) {
      this.#commands.set(commandId, { ...known, lastRevision: revision });
      return;
    }
    this.#commands.set(commandId, { bodyHash, firstRevision: revision, lastRevision: revision, timeMs });
    this.#forgetOld(timeMs);
  }

  toJson(): readonly RecentCommandJson[] {
    return [...this.#commands].map(([commandId, command]) => ({ commandId, ...command }));
  }

  #forgetOld(nowMs: number): void {
    const { recentCommandsMin, recentCommandsMax, recentCommandsAgeMs } = this.#bounds;
    for (const [commandId, { timeMs }] of this.#commands) {
      const size = this.#commands.size;
      const isYoung = timeMs > nowMs - recentCommandsAgeMs;
      if (size <= recentCommandsMin || (isYoung && size <= recentCommandsMax)) return;
      this.#commands.delete(commandId);
      this.#forgottenUntilMs = timeMs;
    }
  }
}

import type { Position, RecordedEvent } from './event-log.ts';

/** An accepted command: where its events stand in its stream. */
export interface RecentCommand {
  readonly bodyHash: string;
  readonly firstRevision: number;
  readonly lastRevision: number;
}

/** What is kept of a command while it is recent. */
interface KeptCommand extends RecentCommand {
  readonly timeMs: number;
  /** Of its last event, or a little later: never earlier. */
  readonly position: Position;
}

export type RecentCommandJson = Omit<KeptCommand, 'position'> & {
  readonly commandId: string;
  readonly position: string;
};

/** The newest event whose command is not remembered any more. Everything after it is. */
export interface ForgottenUntil {
  readonly position: Position;
  readonly revision: number;
}

export interface RecentCommandsJson {
  readonly kept: readonly RecentCommandJson[];
  /** `null`: nothing was forgotten. */
  readonly forgottenUntil: { readonly position: string; readonly revision: number } | null;
}

/** With an id of 36 characters and a hash of 64. Measured without the position: 266. */
const recentCommandBytes = 340;

export interface RecentCommandsBounds {
  readonly recentCommandsMin: number;
  readonly recentCommandsMax: number;
  readonly recentCommandsAgeMs: number;
}

/**
 * The commands that a stream accepted lately, by id. It keeps a number of them always, and more while they are
 * younger than the usual lag of the command history, so that the two together rarely leave a gap. How far back it
 * reaches is a position in the log, which orders the events of all streams, as times do not.
 */
export class RecentCommands {
  readonly #bounds: RecentCommandsBounds;
  /** In the order of the stream: the oldest first. */
  readonly #commands = new Map<string, KeptCommand>();
  #forgottenUntil: ForgottenUntil | null = null;

  constructor(bounds: RecentCommandsBounds, json?: RecentCommandsJson) {
    this.#bounds = bounds;
    if (json === undefined) return;
    for (const { commandId, position, ...command } of json.kept) {
      this.#commands.set(commandId, { ...command, position: BigInt(position) });
    }
    const { forgottenUntil } = json;
    if (forgottenUntil !== null) {
      this.#forgottenUntil = { ...forgottenUntil, position: BigInt(forgottenUntil.position) };
    }
  }

  /** `null`: every command of the stream is here. */
  get forgottenUntil(): ForgottenUntil | null {
    return this.#forgottenUntil;
  }

  /** About how many bytes of memory they take. */
  get heldBytes(): number {
    return this.#commands.size * recentCommandBytes;
  }

  find(commandId: string): RecentCommand | undefined {
    return this.#commands.get(commandId);
  }

  /** Whether every command with events after this position is here, so that absence proves something. */
  covers(after: Position): boolean {
    return this.#forgottenUntil === null || this.#forgottenUntil.position <= after;
  }

  /** Takes note of the stream's next event. */
  note({ metadata, revision, position }: RecordedEvent): void {
    const { commandId, bodyHash, timeMs } = metadata;
    const known = this.#commands.get(commandId);
    if (known !== undefined) {
      this.#commands.set(commandId, { ...known, lastRevision: revision, position });
      return;
    }
    const lastRevision = revision;
    this.#commands.set(commandId, { bodyHash, firstRevision: revision, lastRevision, timeMs, position });
    this.#forgetOld(timeMs);
  }

  toJson(): RecentCommandsJson {
    const kept = [...this.#commands].map(([commandId, { position, ...command }]) => ({
      commandId,
      ...command,
      position: String(position),
    }));
    const until = this.#forgottenUntil;
    return { kept, forgottenUntil: until && { ...until, position: String(until.position) } };
  }

  #forgetOld(nowMs: number): void {
    const { recentCommandsMin, recentCommandsMax, recentCommandsAgeMs } = this.#bounds;
    for (const [commandId, { timeMs, position, lastRevision }] of this.#commands) {
      const size = this.#commands.size;
      const isYoung = timeMs > nowMs - recentCommandsAgeMs;
      if (size <= recentCommandsMin || (isYoung && size <= recentCommandsMax)) return;
      this.#commands.delete(commandId);
      const until = this.#forgottenUntil;
      if (until === null || lastRevision > until.revision) {
        this.#forgottenUntil = { position, revision: lastRevision };
      }
    }
  }
}

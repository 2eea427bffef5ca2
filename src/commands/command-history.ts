import type { Position } from './event-log.ts';

/** Where the events of an accepted command are. */
export interface AcceptedCommand {
  readonly bodyHash: string;
  readonly stream: string;
  readonly firstRevision: number;
  readonly lastRevision: number;
}

export interface HistoryAnswer {
  /** `undefined`: it was not accepted within the last 7 days, up to `reached`. After that, nothing is proven. */
  readonly command: AcceptedCommand | undefined;
  /** How far in the log of this epoch the history has got; `START` when it holds nothing of it. */
  readonly reached: Position;
}

/** The accepted commands of the last 7 days: asked when a client says that it retries. It lags behind the log. */
export interface CommandHistory {
  /** Both parts of the answer are of one moment. Throws when the history cannot be read. */
  find(commandId: string, epoch: string): Promise<HistoryAnswer>;
}

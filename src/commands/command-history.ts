/** Where the events of an accepted command are. */
export interface AcceptedCommand {
  readonly bodyHash: string;
  readonly stream: string;
  readonly firstRevision: number;
  readonly lastRevision: number;
}

/** The accepted commands of the last 7 days: asked when a client says that it retries. */
export interface CommandHistory {
  /** `undefined` when it is not known, which proves nothing: the table lags behind the log. */
  find(commandId: string): Promise<AcceptedCommand | undefined>;
}

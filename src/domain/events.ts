/** What every event carries beside its data. Kept small: it is written with every event, for ever. */
export interface EventMetadata {
  /** The same for everything that one request of a user set off. */
  readonly $correlationId: string;
  /** The id of the command or event that directly caused this one. */
  readonly $causationId: string;
  /** The user who did it, or `system:<part>`. */
  readonly actor: string;
  /** The command that this event answers; one command may have several events. */
  readonly commandId: string;
  /** SHA-256 (hex) of the command's canonical body: the same id with another body is an error. */
  readonly bodyHash: string;
  /** When it was decided, ms since the epoch; never before the stream's previous event. */
  readonly timeMs: number;
  /** The version of `data`'s shape. Older ones are upcast on read. */
  readonly schemaVersion: number;
}

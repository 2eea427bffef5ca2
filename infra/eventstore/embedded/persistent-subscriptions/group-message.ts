/**
 * An event on its way through a group. Not its bytes: they are read when they are sent, so that a full buffer
 * of large events costs no more than one of small ones.
 */
export interface GroupMessage {
  /** What a client acknowledges it by: the event's id, or the link's when it came by a link. */
  readonly id: string;
  /** Where it is: its index in the source, or, replayed, its revision in the stream of parked events. */
  readonly index: number;
  readonly replayed: boolean;
  /** Pinned strategies give events of one bucket to one client. */
  readonly bucket: number;
  /** Deliveries before the one under way. */
  readonly retryCount: number;
}

/** An event as the group takes it in. */
export type NewMessage = Pick<GroupMessage, 'id' | 'index' | 'bucket'>;

/** What a client says about an event that it did not handle. */
export type NackAction = 'unknown' | 'park' | 'retry' | 'skip' | 'stop';

/** An event that a client is to get now. */
export interface Delivery {
  readonly clientId: string;
  readonly message: GroupMessage;
}

/** An event that is to be put aside, and why. */
export interface Park {
  readonly message: GroupMessage;
  readonly reason: string;
}

/** How far a group has got in its source. */
export interface Progress {
  /** The index of the last event of those that are done from the beginning on, without a gap. */
  readonly index: number;
  /** How many that are, counted from where the group began. */
  readonly events: number;
}

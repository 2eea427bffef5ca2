/**
 * What the fold cannot say for sure from what it keeps: an earlier part of the event's own stream has to be read
 * again to tell. Few in an honest log, so that the audit needs no memory for every message's whole content.
 */
export type Suspect =
  /** Rule M3: the hash of what it was sent under has been there before. */
  | (SuspectPlace & {
      readonly kind: 'sent-twice';
      readonly senderId: string;
      readonly clientMsgId: string;
    })
  /** Rule M4: a recall of something that is not among the latest messages. */
  | (SuspectPlace & {
      readonly kind: 'recall';
      readonly timeMs: number;
      readonly by: string;
      /** What it takes back. */
      readonly seq: number;
    });

interface SuspectPlace {
  readonly position: bigint;
  readonly stream: string;
  readonly revision: number;
}

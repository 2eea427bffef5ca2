import type { BusMessage, ProjectionProgress } from './bus.ts';

/** A bus message as text. Positions are decimal strings: JSON has no integers of 64 bits. */
export function encodeBusMessage(message: BusMessage): string {
  return message.kind === 'changes'
    ? JSON.stringify({
        ...message,
        previous: message.previous.toString(),
        checkpoint: message.checkpoint.toString(),
      })
    : JSON.stringify({ kind: message.kind, projections: message.projections.map(encodeProgress) });
}

/** The message that `encodeBusMessage` made `text` from. Throws for other text. */
export function decodeBusMessage(text: string): BusMessage {
  const message = JSON.parse(text) as EncodedMessage;
  switch (message.kind) {
    case 'changes':
      return { ...message, previous: BigInt(message.previous), checkpoint: BigInt(message.checkpoint) };
    case 'progress':
      return { kind: 'progress', projections: message.projections.map(decodeProgress) };
    default:
      throw new TypeError('not a bus message');
  }
}

type Encoded<Message> = {
  [Key in keyof Message]: Message[Key] extends bigint ? string : Message[Key];
};
type EncodedProgress = Encoded<ProjectionProgress>;
type EncodedMessage =
  | Encoded<Extract<BusMessage, { kind: 'changes' }>>
  | { readonly kind: 'progress'; readonly projections: readonly EncodedProgress[] };

function encodeProgress(progress: ProjectionProgress): EncodedProgress {
  return { ...progress, changed: progress.changed.toString(), reached: progress.reached.toString() };
}

function decodeProgress(progress: EncodedProgress): ProjectionProgress {
  return { ...progress, changed: BigInt(progress.changed), reached: BigInt(progress.reached) };
}

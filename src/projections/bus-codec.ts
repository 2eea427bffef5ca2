import type { BusMessage, PartitionMove, ProjectionProgress } from './bus.ts';

/** A bus message as text. Positions are decimal strings: JSON has no integers of 64 bits. */
export function encodeBusMessage(message: BusMessage): string {
  return message.kind === 'changes'
    ? JSON.stringify({
        ...message,
        partitions: message.partitions.map(encodeMove),
        checkpoint: message.checkpoint.toString(),
      })
    : JSON.stringify({ kind: message.kind, projections: message.projections.map(encodeProgress) });
}

/** The message that `encodeBusMessage` made `text` from. Throws for other text. */
export function decodeBusMessage(text: string): BusMessage {
  const message = JSON.parse(text) as EncodedMessage;
  switch (message.kind) {
    case 'changes':
      return {
        ...message,
        partitions: message.partitions.map(decodeMove),
        checkpoint: BigInt(message.checkpoint),
      };
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
type EncodedMove = Encoded<PartitionMove>;
type EncodedMessage =
  | (Omit<Encoded<Extract<BusMessage, { kind: 'changes' }>>, 'partitions'> & {
      readonly partitions: readonly EncodedMove[];
    })
  | { readonly kind: 'progress'; readonly projections: readonly EncodedProgress[] };

function encodeProgress(progress: ProjectionProgress): EncodedProgress {
  return { ...progress, changed: progress.changed.toString(), reached: progress.reached.toString() };
}

function decodeProgress(progress: EncodedProgress): ProjectionProgress {
  return { ...progress, changed: BigInt(progress.changed), reached: BigInt(progress.reached) };
}

function encodeMove({ partition, previous }: PartitionMove): EncodedMove {
  return { partition, previous: previous.toString() };
}

function decodeMove({ partition, previous }: EncodedMove): PartitionMove {
  return { partition, previous: BigInt(previous) };
}

import type { Position } from '../commands/event-log.ts';
import type { Change } from './changes.ts';

/**
 * What goes over the bus from projectors to gateways.
 *
 * `changes` follows every commit that changed rows, in log order per projection and partition. A partition's
 * `previous` is the `checkpoint` of the `changes` before it, so that a receiver which sees another one there knows that it
 * missed something. `progress` is the heartbeat: after every batch, soon
 * after others' events were passed over, and every second in silence.
 */
export type BusMessage =
  | {
      readonly kind: 'changes';
      readonly projection: string;
      readonly generation: number;
      /** How many the generation has. */
      readonly partitionCount: number;
      /** The partitions that the commit moved to `checkpoint`, each from its own `previous`. */
      readonly partitions: readonly PartitionMove[];
      readonly checkpoint: Position;
      readonly changes: readonly Change[];
    }
  | { readonly kind: 'progress'; readonly projections: readonly ProjectionProgress[] };

export interface PartitionMove {
  readonly partition: number;
  readonly previous: Position;
}

/** How far some partitions of one projection are, all of them alike. */
export interface ProjectionProgress {
  readonly projection: string;
  readonly generation: number;
  /** How many the generation has. */
  readonly partitionCount: number;
  /** Which of them this speaks of. */
  readonly partitions: readonly number[];
  /** The checkpoint of the newest `changes`. */
  readonly changed: Position;
  /** Reads show everything up to here. */
  readonly reached: Position;
}

/**
 * Carries messages from every publisher to every subscriber, each publisher's in order. It may lose some: what
 * is lost costs its receivers a read, never a fact.
 */
export interface ChangeBus {
  /** Never throws and never waits. */
  publish(message: BusMessage): void;
  /** Calls `handler` for every message from now on, until the answered function is called. */
  subscribe(handler: (message: BusMessage) => void): () => void;
  close(): Promise<void>;
}

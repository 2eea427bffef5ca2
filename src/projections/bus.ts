import type { Position } from '../commands/event-log.ts';
import type { Change } from './changes.ts';

/**
 * What goes over the bus from projectors to gateways.
 *
 * `changes` follows every commit that changed rows, in log order per projection and partition. Its `previous`
 * is the `checkpoint` of the `changes` before it, so that a receiver which sees another one there knows that it
 * missed something. `progress` is the heartbeat: after every batch, and every second in silence.
 */
export type BusMessage =
  | {
      readonly kind: 'changes';
      readonly projection: string;
      readonly generation: number;
      readonly partition: number;
      readonly previous: Position;
      readonly checkpoint: Position;
      readonly changes: readonly Change[];
    }
  | { readonly kind: 'progress'; readonly projections: readonly ProjectionProgress[] };

export interface ProjectionProgress {
  readonly projection: string;
  readonly generation: number;
  readonly partition: number;
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

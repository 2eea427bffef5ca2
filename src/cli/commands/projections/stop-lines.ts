import type { StoppedPartition } from '../../../projections/stopped-partitions.ts';
import { printable } from '../../event-lines.ts';

/** Where a partition stands, and why, as a line for people. */
export function stopLine({ name, partition, failure }: StoppedPartition): string {
  return printable(`${name} partition ${partition} stands still (${failure.reason}): ${failure.message}`);
}

/** An event as its place, for people: `wallet-7@3 (GrabCredited, position 107)`. */
export function eventPlace(event: {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly position: string;
}): string {
  return printable(`${event.stream}@${event.revision} (${event.type}, position ${event.position})`);
}

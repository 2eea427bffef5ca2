import { describe, expect, it } from 'vitest';
import { BusGaps } from '../../src/gateway/hub/bus-gaps.ts';
import type { BusMessage } from '../../src/projections/bus.ts';

function changes(previous: bigint, checkpoint: bigint, generation = 1): BusMessage {
  return {
    kind: 'changes',
    projection: 'messages',
    generation,
    partitionCount: 2,
    partitions: [{ partition: 0, previous }],
    checkpoint,
    changes: [],
  };
}

function progress(changed: bigint, generation = 1): BusMessage {
  const one = { projection: 'messages', generation, partitionCount: 2, changed, reached: changed + 100n };
  return { kind: 'progress', projections: [{ ...one, partitions: [0] }] };
}

/** A message of a projector that has several partitions. */
function changesOf(
  previous: readonly (readonly [partition: number, previous: bigint])[],
  checkpoint: bigint,
) {
  const partitions = previous.map(([partition, before]) => ({ partition, previous: before }));
  return { ...changes(0n, checkpoint), partitions } as BusMessage;
}

describe('gaps on the bus', () => {
  it('are looked for in each partition that a message speaks of', () => {
    const gaps = new BusGaps();
    expect(gaps.missedBefore(changesOf([[0, 1n]], 2n))).toBe(false);
    expect(gaps.missedBefore(changesOf([[1, 1n]], 3n))).toBe(false);
    const both: [number, bigint][] = [
      [0, 2n],
      [1, 3n],
    ];
    expect(gaps.missedBefore(changesOf(both, 4n))).toBe(false);
    expect(gaps.missedBefore(changesOf([[1, 4n]], 5n))).toBe(false);
    const oneMissed: [number, bigint][] = [
      [0, 4n],
      [1, 6n],
    ];
    expect(gaps.missedBefore(changesOf(oneMissed, 7n))).toBe(true);
  });

  it('are none when a look at the read models was ahead of the bus', () => {
    const gaps = new BusGaps();
    gaps.missedUpTo([
      { projection: 'messages', generation: 1, partitionCount: 2, partitions: [0], changed: 9n, reached: 9n },
    ]);
    const late = [changes(3n, 5n), changes(5n, 9n), changes(9n, 12n)];
    expect(late.map((message) => gaps.missedBefore(message))).toEqual([false, false, false]);
  });

  it('are none while each message follows the one before', () => {
    const gaps = new BusGaps();
    const messages = [progress(5n), changes(5n, 9n), changes(9n, 12n), progress(12n), changes(12n, 13n)];
    expect(messages.map((message) => gaps.missedBefore(message))).toEqual(messages.map(() => false));
  });

  it('show when a message does not join on to the last one', () => {
    const gaps = new BusGaps();
    gaps.missedBefore(changes(1n, 2n));
    expect(gaps.missedBefore(changes(4n, 5n))).toBe(true);
    expect(gaps.missedBefore(changes(5n, 6n))).toBe(false);
  });

  it('show at the heartbeat when the last message before a silence was lost', () => {
    const gaps = new BusGaps();
    gaps.missedBefore(changes(1n, 2n));
    expect(gaps.missedBefore(progress(7n))).toBe(true);
    expect(gaps.missedBefore(progress(7n))).toBe(false);
  });

  it('show once when a rebuilt generation is swapped in; its predecessor is not heard any more', () => {
    const gaps = new BusGaps();
    gaps.missedBefore(changes(1n, 2n));
    expect(gaps.missedBefore(changes(8n, 9n, 2))).toBe(true);
    expect(gaps.missedBefore(changes(2n, 3n, 1))).toBe(false);
    expect(gaps.missedBefore(changes(9n, 10n, 2))).toBe(false);
  });
});

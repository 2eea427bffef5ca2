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

describe('gaps on the bus', () => {
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

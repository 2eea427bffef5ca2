import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { START } from '../../src/commands/event-log.ts';
import type { ProjectionProgress } from '../../src/projections/bus.ts';
import { inProcessBus } from '../../src/projections/in-process-bus.ts';
import { followPositions } from '../../src/projections/projection-positions.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

function follow() {
  const bus = inProcessBus(pino({ level: 'silent' }));
  const positions = followPositions(bus, virtualRuntime());
  const hear = (
    partitions: readonly number[],
    reached: bigint,
    { generation = 1, partitionCount = 2 }: Partial<ProjectionProgress> = {},
  ): void => {
    const progress = { projection: 'wallet', generation, partitionCount, partitions, changed: 0n, reached };
    bus.publish({ kind: 'progress', projections: [progress] });
  };
  return { bus, positions, hear };
}

describe('who waits for a position', () => {
  it('does not need the bus: it is looked up, again and again, until it is there', async () => {
    const bus = inProcessBus(pino({ level: 'silent' }));
    const runtime = virtualRuntime();
    let reached = 5n;
    let looks = 0;
    const place = { projection: 'wallet', generation: 1, partitionCount: 1, partitions: [0], changed: 0n };
    const positions = followPositions(bus, runtime, async () => {
      looks += 1;
      if (looks === 2) throw new Error('the database is away');
      if (looks === 4) reached = 7n;
      return [{ ...place, reached }];
    });
    const waiting = positions.waitFor(['wallet'], 7n);
    expect(await runtime.settle(waiting)).toBe(true);
    expect(looks).toBe(4);
    // Nobody waits, nobody looks.
    await runtime.advance(10_000);
    expect(looks).toBe(4);
    expect(await runtime.settle(positions.waitFor(['wallet'], 8n))).toBe(false);
    positions.close();
    expect(runtime.pendingTimers).toBe(0);
  });
});

describe('the position of a read model', () => {
  it('is that of its most backward partition, and none while nothing was heard of one of them', () => {
    const { positions, hear } = follow();
    hear([0], 7n);
    expect(positions.reached('wallet')).toBe(START);
    hear([1], 5n);
    expect(positions.reached('wallet')).toBe(5n);
    hear([0, 1], 9n);
    expect(positions.reached('wallet')).toBe(9n);
  });

  it('counts the partitions of the generation that is live, however many others had', () => {
    const { positions, hear } = follow();
    hear([0, 1], 7n);
    hear([0, 2], 8n, { generation: 2, partitionCount: 3 });
    hear([0, 1], 9n);
    expect(positions.reached('wallet')).toBe(START);
    hear([1], 8n, { generation: 2, partitionCount: 3 });
    expect(positions.reached('wallet')).toBe(8n);
    hear([0], 10n, { generation: 3, partitionCount: 1 });
    expect(positions.reached('wallet')).toBe(10n);
  });

  it('is reached when a commit has moved the last of its partitions there', async () => {
    const { bus, positions, hear } = follow();
    hear([0], 4n);
    hear([1], 3n);
    const reached = positions.waitFor(['wallet'], 4n);
    bus.publish({
      kind: 'changes',
      projection: 'wallet',
      generation: 1,
      partitionCount: 2,
      partitions: [{ partition: 1, previous: 3n }],
      checkpoint: 4n,
      changes: [],
    });
    expect(await reached).toBe(true);
  });
});

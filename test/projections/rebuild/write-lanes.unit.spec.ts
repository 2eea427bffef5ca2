import { describe, expect, it } from 'vitest';
import type { Position } from '../../../src/commands/event-log.ts';
import type { ProjectedEvent } from '../../../src/projections/projected-event.ts';
import type { Projection } from '../../../src/projections/projection.ts';
import { EventBatch } from '../../../src/projections/rebuild/event-batch.ts';
import type { CopyTarget } from '../../../src/projections/rebuild/shadow-copy.ts';
import { WriteLanes } from '../../../src/projections/rebuild/write-lanes.ts';
import { walletProjection } from '../../../src/projections/wallet-projection.ts';

/** A target whose writes end when the test says so, in order. */
class Held implements CopyTarget {
  readonly projection: Projection = walletProjection;
  readonly position: Position = -1n;
  /** Up to where the writes go that have begun. */
  readonly begun: Position[] = [];
  readonly #ends: PromiseWithResolvers<void>[] = [];

  async write(_events: readonly ProjectedEvent[], upTo: Position): Promise<void> {
    this.begun.push(upTo);
    const end = Promise.withResolvers<void>();
    this.#ends.push(end);
    await end.promise;
  }
  takes = () => true;
  end(): void {
    this.#ends.shift()!.resolve();
  }
  fail(error: Error): void {
    this.#ends.shift()!.reject(error);
  }
}

/** A target that has everything at once. */
const quick = () => {
  const upTo: Position[] = [];
  const target: CopyTarget = {
    projection: walletProjection,
    position: -1n,
    write: async (_events, position) => void upTo.push(position),
    takes: () => true,
  };
  return { target, upTo };
};

const batchOf = (bytes: number): EventBatch => {
  const batch = new EventBatch();
  batch.add({ stream: 'wallet-1' } as ProjectedEvent, bytes);
  return batch;
};

/** What no event is the cause of. */
const connectionLost = () => Object.assign(new Error('cannot write'), { code: 'ECONNRESET' });

/** Everything that can go on without anybody's doing has gone on. */
const idle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the lanes of a copy', () => {
  it('let one shadow go on while another still writes', async () => {
    const [slow, fast] = [new Held(), quick()];
    const lanes = new WriteLanes([slow, fast.target], { aheadBytesMax: 100, copied: () => {} });
    for (const upTo of [1n, 2n, 3n]) await lanes.push(batchOf(10), upTo);
    await idle();
    expect([slow.begun, fast.upTo]).toEqual([[1n], [1n, 2n, 3n]]);
  });

  it('take no batch in for which there is no room, until the oldest is written by all', async () => {
    const [slow, fast] = [new Held(), quick()];
    const lanes = new WriteLanes([slow, fast.target], { aheadBytesMax: 25, copied: () => {} });
    await lanes.push(batchOf(10), 1n);
    await lanes.push(batchOf(10), 2n);
    const third = lanes.push(batchOf(10), 3n);
    await idle();
    expect(fast.upTo).toEqual([1n, 2n]);
    slow.end();
    await third;
    await idle();
    expect(fast.upTo).toEqual([1n, 2n, 3n]);
  });

  it('take one batch in however large it is', async () => {
    const { target, upTo } = quick();
    const lanes = new WriteLanes([target], { aheadBytesMax: 25, copied: () => {} });
    await lanes.push(batchOf(1_000), 1n);
    await lanes.push(batchOf(1_000), 2n);
    await lanes.written();
    expect(upTo).toEqual([1n, 2n]);
  });

  it('tell of a batch when all have it, in order', async () => {
    const [slow, fast] = [new Held(), quick()];
    const told: Position[] = [];
    const lanes = new WriteLanes([slow, fast.target], {
      aheadBytesMax: 100,
      copied: (_events, upTo) => told.push(upTo),
    });
    await lanes.push(batchOf(10), 1n);
    await lanes.push(batchOf(10), 2n);
    await idle();
    expect(told).toEqual([]);
    slow.end();
    await idle();
    expect(told).toEqual([1n]);
    slow.end();
    await lanes.written();
    expect(told).toEqual([1n, 2n]);
  });

  it('give the error of a write to the reader, and end with no write under way', async () => {
    const [broken, slow] = [new Held(), new Held()];
    const lanes = new WriteLanes([broken, slow], { aheadBytesMax: 15, copied: () => {} });
    await lanes.push(batchOf(10), 1n);
    const next = lanes.push(batchOf(10), 2n);
    await idle();
    broken.fail(connectionLost());
    await expect(next).rejects.toThrow('cannot write');
    let isStopped = false;
    const stopping = lanes.stop().then(() => {
      isStopped = true;
    });
    await idle();
    expect(isStopped).toBe(false);
    slow.end();
    await stopping;
    expect([broken.begun, slow.begun]).toEqual([[1n], [1n]]);
  });

  it('give the error to the reader at its next batch, also when there is room for that', async () => {
    const broken = new Held();
    const lanes = new WriteLanes([broken], { aheadBytesMax: 100, copied: () => {} });
    await lanes.push(batchOf(10), 1n);
    await idle();
    broken.fail(connectionLost());
    await idle();
    await expect(lanes.push(batchOf(10), 2n)).rejects.toThrow('cannot write');
  });
});

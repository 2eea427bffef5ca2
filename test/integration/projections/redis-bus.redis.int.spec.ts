import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RedisBus } from '../../../infra/redis/redis-bus.ts';
import { createRedisBus } from '../../../infra/redis/redis-bus.ts';
import type { BusMessage } from '../../../src/projections/bus.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { startRedis, type TestRedis } from '../../support/redis-server.ts';
import { logger, nextMessage } from './support.ts';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.close());

function message(checkpoint: bigint): BusMessage {
  return {
    kind: 'changes',
    projection: 'wallet',
    generation: 1,
    partitionCount: 1,
    partitions: [{ partition: 0, previous: checkpoint - 1n }],
    checkpoint,
    changes: [],
  };
}

async function openBuses(count: number): Promise<RedisBus[]> {
  const buses = Array.from({ length: count }, () =>
    createRedisBus({ url: redis.url, logger, channel: 'test', timers: systemRuntime().timers }),
  );
  await Promise.all(buses.map((bus) => bus.ready()));
  return buses;
}

describe('the Redis bus', () => {
  it('carries every message to every process, the publisher included, in order', async () => {
    const buses = await openBuses(3);
    const received = buses.map(() => [] as bigint[]);
    for (const [index, bus] of buses.entries()) {
      bus.subscribe((one) => one.kind === 'changes' && received[index]!.push(one.checkpoint));
    }
    const last = buses.map((bus) =>
      nextMessage(bus, (one) => one.kind === 'changes' && one.checkpoint === 499n),
    );
    for (let number = 0n; number < 500n; number++) buses[0]!.publish(message(number));
    await Promise.all(last);
    const inOrder = Array.from({ length: 500 }, (_, number) => BigInt(number));
    expect(received).toEqual([inOrder, inOrder, inOrder]);
    await Promise.all(buses.map((bus) => bus.close()));
  });

  it('drops and counts what it cannot send, and comes back by itself with the server', async () => {
    const [publisher, receiver] = (await openBuses(2)) as [RedisBus, RedisBus];
    await redis.stop();
    publisher.publish(message(1n));
    await expect.poll(() => publisher.dropped).toBe(1);
    const came = nextMessage(receiver, ({ kind }) => kind === 'changes');
    await redis.start();
    // The receiver may come back after the publisher: what it missed then is the gap that it will see.
    let number = 2n;
    const again = setInterval(() => publisher.publish(message(number++)), 20);
    expect(await came).toMatchObject({ projection: 'wallet' });
    clearInterval(again);
    await Promise.all([publisher.close(), receiver.close()]);
  });
});

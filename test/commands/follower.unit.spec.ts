import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type {
  EventLog,
  NewEvent,
  RecordedEvent,
  SubscribeOptions,
  SubscriptionItem,
} from '../../src/commands/event-log.ts';
import { FinishedPrefix } from '../../src/commands/process-managers/finished-prefix.ts';
import type { FollowerOptions } from '../../src/commands/process-managers/follower.ts';
import { Follower } from '../../src/commands/process-managers/follower.ts';
import { limits } from '../../src/config/limits.ts';
import { InMemoryEventLog } from '../support/in-memory-event-log.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';
import { inMemoryStores } from './support/in-memory-stores.ts';

function harness() {
  const log = new InMemoryEventLog();
  const runtime = virtualRuntime();
  const stores = inMemoryStores();
  const follower = (
    handle: (event: RecordedEvent) => Promise<void>,
    change: Partial<FollowerOptions> = {},
  ): Follower =>
    new Follower({
      name: 'test',
      streamPrefixes: ['a-', 'b-'],
      concerns: ({ type }) => type === 'Something',
      handle,
      patienceMs: 0,
      epoch: 'epoch',
      holder: 'one',
      eventLog: log,
      checkpoints: stores.checkpoints,
      leases: stores.leases,
      runtime,
      logger: pino({ level: 'silent' }),
      bounds: limits.commands,
      ...change,
    });
  const write = async (stream: string, name: string, type = 'Something'): Promise<bigint> => {
    const metadata = { timeMs: runtime.clock.nowMs() } as NewEvent['metadata'];
    const result = await log.append(stream, 'any', [{ id: name, type, data: {}, metadata }]);
    if (result.kind !== 'appended') throw new Error(result.kind);
    return result.position;
  };
  const saved = () => stores.checkpoints.kept.get('test/epoch');
  return { log, runtime, stores, follower, write, saved };
}

describe('a follower', () => {
  it('keeps the order of a stream, and lets other streams go on', async () => {
    const { runtime, follower, write } = harness();
    const seen: string[] = [];
    const stuck = Promise.withResolvers<void>();
    for (const [stream, name] of [
      ['a-1', 'a1'],
      ['a-1', 'a2'],
      ['b-1', 'b1'],
    ] as const)
      await write(stream, name);
    const it = follower(async ({ id }) => {
      seen.push(id);
      if (id === 'a1') await stuck.promise;
    });
    it.start();
    await runtime.flush();
    expect(seen).toEqual(['a1', 'b1']);
    stuck.resolve();
    await runtime.flush();
    expect(seen).toEqual(['a1', 'b1', 'a2']);
    await runtime.settle(it.stop());
  });

  it('moves its checkpoint over finished work only, and begins there again', async () => {
    const { runtime, stores, follower, write, saved } = harness();
    const first = await write('a-1', 'a1');
    await write('a-2', 'stuck');
    await write('a-3', 'a3');
    const it = follower(({ id }) => (id === 'stuck' ? new Promise(() => undefined) : Promise.resolve()));
    it.start();
    await runtime.advance(1_000);
    expect(saved()).toBe(first);

    stores.leases.held.clear();
    const seen: string[] = [];
    const next = follower(async ({ id }) => void seen.push(id), { holder: 'two' });
    next.start();
    await runtime.advance(1_000);
    expect(seen).toEqual(['stuck', 'a3']);
    await runtime.settle(next.stop());
  });

  it('moves its checkpoint over events that do not concern it, too', async () => {
    const { runtime, follower, write, saved } = harness();
    await write('a-1', 'x', 'SomethingElse');
    const last = await write('c-1', 'y');
    const it = follower(async () => undefined);
    it.start();
    await runtime.advance(1_000);
    expect(saved()).toBe(last);
    await runtime.settle(it.stop());
  });

  it('begins at the start when its checkpoint is beyond the log, which is then an older one', async () => {
    const { log, runtime, stores, follower, write } = harness();
    await write('a-1', 'a1');
    stores.checkpoints.kept.set('test/epoch', (await log.head()) + 1n);
    const seen: string[] = [];
    const it = follower(async ({ id }) => void seen.push(id));
    it.start();
    await runtime.flush();
    await write('a-1', 'a2');
    await runtime.flush();
    expect(seen).toEqual(['a1', 'a2']);
    await runtime.settle(it.stop());
  });

  it("keeps no checkpoint among the store's own events, behind the newest of ours", async () => {
    const { log, runtime, stores, follower, write, saved } = harness();
    const last = await write('a-1', 'a1');
    // Its subscription is told of a position where the store has an event of its own.
    const eventLog: EventLog = Object.assign(new InMemoryEventLog(), {
      head: () => log.head(),
      subscribe: (options: SubscribeOptions) => {
        const inner = log.subscribe(options);
        const items = async function* (): AsyncGenerator<SubscriptionItem, void> {
          for await (const item of inner) {
            yield item;
            if (item.kind === 'event') yield { kind: 'checkpoint', position: item.event.position + 1n };
          }
        };
        return Object.assign(items(), { close: () => inner.close() });
      },
    });
    const it = follower(async () => undefined, { eventLog });
    it.start();
    await runtime.advance(1_000);
    expect(it.status.position).toBe(last + 1n);
    expect(saved()).toBe(last);
    expect(await stores.witness.newestSeen('epoch')).toBe(last);
    await runtime.settle(it.stop());
    expect(saved()).toBe(last);
  });

  it('tries a failing event again for ever, ever more slowly, and reports it as poison', async () => {
    const { runtime, follower, write, saved } = harness();
    const position = await write('a-1', 'bad');
    let tries = 0;
    let healed = false;
    const it = follower(async () => {
      tries += 1;
      if (!healed) throw new Error('no good');
    });
    it.start();
    await runtime.advance(200);
    expect(it.status.poison).toBeUndefined();
    await runtime.advance(60_000);
    expect(it.status.poison).toEqual({ position, type: 'Something', error: 'no good' });
    expect(tries).toBeLessThan(20);
    expect(saved()).toBeUndefined();
    healed = true;
    await runtime.advance(limits.commands.followerRetryDelayMsMax + 1_000);
    expect(it.status.poison).toBeUndefined();
    expect(saved()).toBe(position);
    await runtime.settle(it.stop());
  });

  it('leaves an event alone until it is old enough', async () => {
    const { runtime, follower, write } = harness();
    const seen: string[] = [];
    const it = follower(async ({ id }) => void seen.push(id), { patienceMs: 5_000 });
    it.start();
    await runtime.flush();
    await write('a-1', 'a1');
    await runtime.advance(4_999);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['a1']);
    await runtime.settle(it.stop());
  });

  it('follows in one process at a time, and hands over when that one stops', async () => {
    const { runtime, follower, write } = harness();
    const [one, two]: [string[], string[]] = [[], []];
    const first = follower(async ({ id }) => void one.push(id));
    const second = follower(async ({ id }) => void two.push(id), { holder: 'two' });
    first.start();
    second.start();
    await write('a-1', 'a1');
    await runtime.advance(10_000);
    expect([one, two]).toEqual([['a1'], []]);
    await runtime.settle(first.stop());
    await write('a-1', 'a2');
    await runtime.advance(10_000);
    expect([one, two]).toEqual([['a1'], ['a2']]);
    await runtime.settle(second.stop());
    expect(runtime.pendingTimers).toBe(0);
  });

  it('stops following when it has lost its lease, and comes back when it has it again', async () => {
    const { runtime, stores, follower, write } = harness();
    const seen: string[] = [];
    const it = follower(async ({ id }) => void seen.push(id));
    it.start();
    await runtime.flush();
    stores.leases.held.set('test', 'a thief');
    await runtime.advance(limits.commands.followerLeaseTtlMs);
    expect(it.status.following).toBe(false);
    await write('a-1', 'a1');
    await runtime.advance(1_000);
    expect(seen).toEqual([]);
    stores.leases.held.clear();
    await runtime.advance(limits.commands.followerLeaseTtlMs);
    expect(seen).toEqual(['a1']);
    await runtime.settle(it.stop());
  });

  it('reports no poison once another process follows, whatever becomes of the event there', async () => {
    const { runtime, stores, follower, write } = harness();
    const position = await write('a-1', 'bad');
    const it = follower(async () => {
      throw new Error('no good');
    });
    it.start();
    await runtime.advance(60_000);
    expect(it.status.poison).toMatchObject({ position });
    stores.leases.held.set('test', 'two');
    await runtime.advance(limits.commands.followerLeaseTtlMs);
    expect(it.status).toMatchObject({ following: false, poison: undefined });
    await runtime.settle(it.stop());
  });

  it('holds a bounded number of events unfinished, and stops cleanly at the bound', async () => {
    const { runtime, follower, write } = harness();
    for (let n = 0; n < 20; n += 1) await write(`a-${n}`, `a${n}`);
    const bounds = { ...limits.commands, followerInFlightMax: 5, followerConcurrency: 3 };
    let handled = 0;
    const failing = async (): Promise<void> => {
      handled += 1;
      throw new Error('down');
    };
    const it = follower(failing, { bounds });
    it.start();
    await runtime.flush();
    expect(handled).toBe(3);
    expect(it.status.inFlight).toBe(5);
    await runtime.settle(it.stop());
    expect(runtime.pendingTimers).toBe(0);
  });
});

describe('the finished prefix', () => {
  it('ends before the first piece of work that has not ended', () => {
    const work = new FinishedPrefix(-1n);
    const [first, second, third] = [work.begin(1n), work.begin(2n), work.begin(5n)];
    third();
    expect(work.position).toBe(-1n);
    first();
    first();
    expect(work.position).toBe(1n);
    second();
    expect(work.position).toBe(5n);
    expect(work.inFlight).toBe(0);
  });
});

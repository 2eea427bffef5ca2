import { describe, expect, it } from 'vitest';
import { parseRange } from '../../../src/cli/log-range.ts';
import { followEvents, type ReadPlan, readEvents } from '../../../src/cli/replay/read-events.ts';
import type { RecordedEvent } from '../../../src/commands/event-log.ts';
import { limits } from '../../../src/config/limits.ts';
import { anEvent } from '../../support/an-event.ts';
import { InMemoryEventLog } from '../../support/in-memory-event-log.ts';
import { virtualRuntime } from '../../support/virtual-runtime.ts';

/** A log and somebody who follows it; `taken` holds what they have got, as `stream@revision`. */
function follower(plan: Partial<ReadPlan> = {}) {
  const runtime = virtualRuntime();
  const log = new InMemoryEventLog();
  const stop = new AbortController();
  const taken: string[] = [];
  let live = false;
  const onLive = (): void => {
    live = true;
  };
  const append = async (stream: string, timeMs = runtime.clock.nowMs()): Promise<bigint> => {
    const event = anEvent();
    const recorded = { ...event, metadata: { ...event.metadata, timeMs } };
    const result = await log.append(stream, 'any', [recorded]);
    return result.kind === 'appended' ? result.position : -1n;
  };
  const follow = async (more: Partial<ReadPlan> = {}): Promise<void> => {
    const options = { runtime, signal: stop.signal, onLive };
    for await (const event of followEvents(log, { range: {}, ...plan, ...more }, options)) {
      taken.push(`${event.stream}@${event.revision}`);
    }
  };
  return { runtime, log, stop, taken, append, follow, isLive: () => live };
}

/** Whether a promise has settled, once everything that can happen has. */
async function hasEnded(promise: Promise<void>, flush: () => Promise<void>): Promise<boolean> {
  let ended = false;
  promise.then(() => {
    ended = true;
  });
  await flush();
  return ended;
}

async function collect(events: AsyncIterable<RecordedEvent>): Promise<string[]> {
  const places: string[] = [];
  for await (const { stream, revision } of events) places.push(`${stream}@${revision}`);
  return places;
}

describe('reading', () => {
  it('leaves out what the range excludes on either side, and streams without a prefix', async () => {
    const { log, append } = follower();
    await append('a-1');
    const from = await append('b-1');
    await append('c-1');
    const until = await append('b-1');
    await append('b-1');
    const plan = { range: parseRange(`${from}`, `${until}`), prefixes: ['b-'] };
    expect(await collect(readEvents(log, plan))).toEqual(['b-1@0', 'b-1@1']);
  });

  it('reads one stream as such, and no other', async () => {
    const { log, append } = follower();
    for (const stream of ['a-1', 'a-10', 'a-1']) await append(stream);
    log.readAll = () => {
      throw new Error('the whole log was read');
    };
    expect(await collect(readEvents(log, { stream: 'a-1', range: {} }))).toEqual(['a-1@0', 'a-1@1']);
  });

  it('stops behind its range instead of reading on to the end', async () => {
    const { log, append, runtime } = follower();
    const nowMs = runtime.clock.nowMs();
    await append('a-1');
    await append('a-1', nowMs + 30_000);
    await append('a-1', nowMs + 10 * limits.cli.clockSlackMs);
    await append('a-1', nowMs);
    const range = { until: { kind: 'time', timeMs: nowMs + 1 } } as const;
    expect(await collect(readEvents(log, { range }))).toEqual(['a-1@0', 'a-1@1']);
  });
});

describe('following', () => {
  it.each<[string, Partial<ReadPlan>]>([
    ['the log', {}],
    ['some streams', { prefixes: ['a-'] }],
    ['one stream', { stream: 'a-1', prefixes: ['a-1'] }],
  ])('%s gives what is there, then what comes, each once', async (_what, plan) => {
    const { runtime, stop, taken, append, follow, isLive } = follower(plan);
    await append('a-1');
    await append('a-1');
    const following = follow();
    await runtime.flush();
    expect(taken).toEqual(['a-1@0', 'a-1@1']);
    expect(isLive()).toBe(true);
    await append('a-1');
    await runtime.flush();
    expect(taken).toEqual(['a-1@0', 'a-1@1', 'a-1@2']);
    stop.abort();
    await following;
  });

  it('one stream loses and repeats nothing that is written while its past is read', async () => {
    const { log, runtime, stop, taken, append, follow } = follower({ stream: 'a-1', prefixes: ['a-1'] });
    await append('a-1');
    const { head } = log;
    log.head = async () => {
      const position = await head.call(log);
      await append('b-1');
      await append('a-1');
      return position;
    };
    const following = follow();
    await runtime.flush();
    await append('a-1');
    await runtime.flush();
    expect(taken.filter((place) => place.startsWith('a-1@'))).toEqual(['a-1@0', 'a-1@1', 'a-1@2']);
    stop.abort();
    await following;
  });

  it('ends with its range at a position, also when no wanted event is there', async () => {
    const { log, runtime, append, follow, taken } = follower({ prefixes: ['a-'] });
    const first = await append('a-1');
    const { subscribe } = log;
    // A store says with checkpoints how far a filtered subscription is, but not with each event.
    log.subscribe = (options) => {
      const subscription = subscribe.call(log, options);
      return {
        close: () => subscription.close(),
        async *[Symbol.asyncIterator]() {
          for await (const item of subscription) if (item.kind !== 'checkpoint') yield item;
        },
      };
    };
    const following = follow({ range: parseRange(undefined, `${first + 1n}`) });
    expect(await hasEnded(following, runtime.flush)).toBe(false);
    await append('b-1');
    expect(await hasEnded(following, runtime.flush)).toBe(true);
    expect(taken.filter((place) => place.startsWith('a-'))).toEqual(['a-1@0']);
  });

  it('ends at once at a position that the log has passed', async () => {
    const { runtime, append, follow, isLive } = follower();
    const first = await append('a-1');
    await append('a-1');
    expect(await hasEnded(follow({ range: parseRange(undefined, `${first}`) }), runtime.flush)).toBe(true);
    expect(isLive()).toBe(false);
  });

  it('ends by the clock behind a time, with what late writers recorded before it', async () => {
    const { runtime, append, follow, taken } = follower();
    const endMs = runtime.clock.nowMs() + 10_000;
    const following = follow({ range: { until: { kind: 'time', timeMs: endMs } } });
    await runtime.advance(10_000);
    await append('a-1', endMs - 1);
    await runtime.advance(limits.cli.clockSlackMs - 1);
    expect(await hasEnded(following, runtime.flush)).toBe(false);
    await runtime.advance(limits.cli.followEndPollMs);
    expect(await hasEnded(following, runtime.flush)).toBe(true);
    expect(taken).toEqual(['a-1@0']);
    expect(runtime.pendingTimers).toBe(0);
  });

  it('ends at a time with what had happened by then, also when the subscription has not got that far', async () => {
    const { log, runtime, append, follow, taken } = follower();
    const endMs = runtime.clock.nowMs() + 10_000;
    const { subscribe } = log;
    log.subscribe = (options) => subscribe.call(log, { ...options, after: 1_000_000n });
    const following = follow({ range: { until: { kind: 'time', timeMs: endMs } } });
    await runtime.flush();
    await append('a-1');
    await append('a-1', endMs + 10 * limits.cli.clockSlackMs);
    await runtime.advance(10_000 + limits.cli.clockSlackMs + limits.cli.followEndPollMs);
    expect(await hasEnded(following, runtime.flush)).toBe(true);
    expect(taken).toEqual(['a-1@0']);
  });

  it('ends at once at a time that is long past', async () => {
    const { runtime, append, follow, isLive } = follower();
    await append('a-1');
    const range = {
      until: { kind: 'time', timeMs: runtime.clock.nowMs() - limits.cli.clockSlackMs },
    } as const;
    expect(await hasEnded(follow({ range }), runtime.flush)).toBe(true);
    expect(isLive()).toBe(false);
  });

  it('ends when it is told to, and leaves no subscription behind', async () => {
    const { log, runtime, stop, append, follow, taken } = follower();
    const following = follow();
    await runtime.flush();
    stop.abort();
    await following;
    await append('a-1');
    await runtime.flush();
    expect(taken).toEqual([]);
    await log.close();
  });
});

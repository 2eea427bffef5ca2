import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { AggregateCache } from '../../src/commands/aggregate-cache.ts';
import { AggregateLoader } from '../../src/commands/aggregate-loader.ts';
import { createAggregates } from '../../src/commands/aggregates.ts';
import type { CommandEnvelope } from '../../src/commands/command-envelope.ts';
import type { EventLog } from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import { sentSeq } from '../../src/domain/conversation/conversation-decider.ts';
import { groupConversationId } from '../../src/domain/ids.ts';
import { streams } from '../../src/domain/streams.ts';
import { alice, clientMsgId, groupId, sealed } from '../support/domain-fixtures.ts';
import { InMemoryEventLog } from '../support/in-memory-event-log.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';
import { inMemoryStores } from './support/in-memory-stores.ts';

function cacheOf(cachedAggregatesBytesMax: number) {
  const { clock, ...runtime } = virtualRuntime({});
  const forgotten: string[] = [];
  const cache = new AggregateCache(clock, { cachedAggregatesBytesMax, cachedAggregateIdleMs: 1_000 });
  const aggregate = (stream: string, heldBytes: number, isIdle = true) => {
    const cached = { heldBytes, isIdle, forget: () => void forgotten.push(stream) };
    cache.use(stream, cached);
    return cached;
  };
  return { cache, runtime, forgotten, aggregate };
}

describe('the cache of aggregates', () => {
  it('forgets the least recently used as soon as all together weigh too much', () => {
    const { cache, forgotten, aggregate } = cacheOf(100);
    const first = aggregate('a', 40);
    aggregate('b', 40);
    cache.use('a', first);
    aggregate('c', 40);
    expect(forgotten).toEqual(['b']);
    expect(cache).toMatchObject({ size: 2, heldBytes: 80 });
  });

  it('weighs again what has grown or shrunk in use', () => {
    const { cache, forgotten, aggregate } = cacheOf(100);
    aggregate('a', 10);
    const growing = aggregate('b', 10);
    growing.heldBytes = 95;
    cache.weigh('b');
    expect(forgotten).toEqual(['a']);
    growing.heldBytes = 20;
    cache.weigh('b');
    expect(cache).toMatchObject({ size: 1, heldBytes: 20 });
  });

  it('keeps what is busy and what is in use, beyond the budget if need be', () => {
    const { cache, forgotten, aggregate } = cacheOf(100);
    const busy = aggregate('busy', 90, false);
    aggregate('in use', 200);
    expect(forgotten).toEqual([]);
    busy.isIdle = true;
    aggregate('next', 10);
    expect(forgotten).toEqual(['busy', 'in use']);
    expect(cache.heldBytes).toBe(10);
  });

  it('forgets what nobody has used for long, however light', async () => {
    const { cache, runtime, forgotten, aggregate } = cacheOf(100);
    aggregate('a', 1);
    await runtime.advance(999);
    aggregate('b', 1);
    expect(forgotten).toEqual([]);
    await runtime.advance(1);
    aggregate('c', 1);
    expect(forgotten).toEqual(['a']);
    expect(cache.size).toBe(2);
  });
});

describe('heavy aggregates', () => {
  const messages = 100;
  const chats = [1, 2, 3, 4, 5].map((n) => groupConversationId(groupId(n)));

  function envelope<Command>(command: Command, commandId: string): CommandEnvelope<Command> {
    const causes = { correlationId: 'correlation', causationId: 'causation' };
    return { command, commandId, bodyHash: commandId, actor: alice, ...causes };
  }

  /** Processes on a log of five conversations of a hundred messages each; the streams that they read, in order. */
  async function written() {
    const log = new InMemoryEventLog();
    const runtime = virtualRuntime({});
    const reads: string[] = [];
    const eventLog: EventLog = {
      append: (stream, expected, events) => log.append(stream, expected, events),
      async *readStream(stream, options) {
        if (options?.from === undefined) reads.push(stream);
        yield* log.readStream(stream, options);
      },
      readAll: (options) => log.readAll(options),
      subscribe: (options) => log.subscribe(options),
      head: () => log.head(),
      close: () => log.close(),
    };
    const { snapshots, history } = inMemoryStores();
    const logger = pino({ level: 'silent' });
    const open = (cachedAggregatesBytesMax: number) => {
      const bounds = { ...limits.commands, snapshotEveryEvents: 1_000_000, cachedAggregatesBytesMax };
      const epoch = 'epoch-1';
      const loader = new AggregateLoader({ eventLog, snapshots, epoch, logger, bounds });
      const shared = { load: { pendingCommands: 0 }, ticks: { now: 0 } };
      return createAggregates(
        { eventLog, loader, history, epoch, runtime, logger, bounds, ...shared },
        bounds,
      );
    };
    const { conversation } = open(limits.commands.cachedAggregatesBytesMax);
    for (const conversationId of chats) {
      const all = Array.from({ length: messages }, (_, n) => {
        const message = { conversationId, by: alice, clientMsgId: clientMsgId(n), kind: 'text' } as const;
        const command = { type: 'SendMessage', ...message, body: sealed('x'), packetId: null } as const;
        return conversation.execute(
          streams.conversation(conversationId),
          envelope(command, `${conversationId}-${n}`),
        );
      });
      await runtime.settle(Promise.all(all));
    }
    expect(log.events).toHaveLength(chats.length * messages);
    reads.length = 0;
    return { runtime, reads, open };
  }

  it('of all kinds share one budget, and a forgotten one is loaded again as it was', async () => {
    const { runtime, reads, open } = await written();
    // A hundred messages and their commands are about 80,000 bytes by the estimate: two such fit in, three do not.
    const { conversation, wallet } = open(200_000);
    const load = (conversationId: (typeof chats)[number]) =>
      runtime.settle(conversation.load(streams.conversation(conversationId), { maxAgeMs: 0 }));
    for (const chat of chats) {
      const { state, revision } = await load(chat);
      expect({ revision, seq: sentSeq(state, alice, clientMsgId(41)) }).toEqual({ revision: 99, seq: 42 });
    }
    expect(conversation.cachedCount).toBe(2);
    expect(reads).toHaveLength(5);

    await load(chats[4]!); // still there: its tail is read, and not the whole stream
    expect(reads).toHaveLength(5);
    const again = await load(chats[0]!);
    expect(reads).toEqual([...chats, chats[0]!].map(streams.conversation));
    expect(again.revision).toBe(99);
    expect(sentSeq(again.state, alice, clientMsgId(41))).toBe(42);

    // Wallets are light, but many of them weigh as much as a conversation.
    for (let n = 0; n < 80; n += 1) await runtime.settle(wallet.load(`wallet-${n}`, { maxAgeMs: 0 }));
    expect(conversation.cachedCount).toBe(0);
    expect(wallet.cachedCount).toBe(80);
  });

  it('accept nothing twice after they were forgotten', async () => {
    const { runtime, open } = await written();
    const { conversation } = open(1);
    const [chat, other] = chats;
    for (const conversationId of [other!, chat!]) {
      await runtime.settle(conversation.load(streams.conversation(conversationId), { maxAgeMs: 0 }));
    }
    expect(conversation.cachedCount).toBe(1);
    const message = { conversationId: other!, by: alice, clientMsgId: clientMsgId(7), kind: 'text' } as const;
    const command = { type: 'SendMessage', ...message, body: sealed('x'), packetId: null } as const;
    const repeated = conversation.execute(streams.conversation(other!), envelope(command, `${other}-7`));
    expect(await runtime.settle(repeated)).toMatchObject({ repeated: true, events: [{ revision: 7 }] });
  });
});

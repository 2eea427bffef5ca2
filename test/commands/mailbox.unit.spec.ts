import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { AggregateLoader } from '../../src/commands/aggregate-loader.ts';
import { createAggregates } from '../../src/commands/aggregates.ts';
import type { CommandEnvelope } from '../../src/commands/command-envelope.ts';
import type { EventLog } from '../../src/commands/event-log.ts';
import {
  AppendRejected,
  EventLogDamaged,
  type EventLogError,
  EventLogRefused,
  EventLogUnavailable,
  START,
  StreamDeleted,
} from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import { rejection } from '../../src/domain/decider.ts';
import { streams } from '../../src/domain/streams.ts';
import type { WalletCommand } from '../../src/domain/wallet/wallet-commands.ts';
import { alice, bob, carol, packetTerms, seed } from '../support/domain-fixtures.ts';
import { startMs } from '../support/given-when-then.ts';
import { InMemoryEventLog } from '../support/in-memory-event-log.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';
import { inMemoryStores, recordHistory } from './support/in-memory-stores.ts';

type Bounds = { -readonly [Name in keyof typeof limits.commands]: number };

/** Two processes' aggregates over one log, with a count of the reads that each stream cost. */
function harness(change: Partial<Bounds> = {}) {
  const log = new InMemoryEventLog();
  const runtime = virtualRuntime({ startMs });
  const stores = inMemoryStores();
  const reads: string[] = [];
  let down = false;
  const watched: EventLog = {
    append: (stream, expected, events) => log.append(stream, expected, events),
    async *readStream(stream, options) {
      reads.push(stream);
      if (down) throw new EventLogUnavailable('down');
      yield* log.readStream(stream, options);
    },
    readAll: (options) => log.readAll(options),
    subscribe: (options) => log.subscribe(options),
    head: () => log.head(),
    close: () => log.close(),
  };
  const bounds: Bounds = { ...limits.commands, ...change };
  const open = (eventLog: EventLog = watched, epoch = 'epoch-1') => {
    const logger = pino({ level: 'silent' });
    const loader = new AggregateLoader({ eventLog, snapshots: stores.snapshots, epoch, logger, bounds });
    const shared = { load: { pendingCommands: 0 }, ticks: { now: 0 } };
    const { history } = stores;
    return createAggregates({ eventLog, loader, history, epoch, runtime, logger, bounds, ...shared }, bounds);
  };
  const setDown = (value: boolean): void => {
    down = value;
  };
  return { log, watched, runtime, stores, reads, open, setDown };
}

const wallet = streams.wallet(alice);

let commands = 0;
function envelope<Command>(
  command: Command,
  change: Partial<CommandEnvelope<Command>> = {},
): CommandEnvelope<Command> {
  commands += 1;
  const commandId = `command-${commands}`;
  return {
    command,
    commandId,
    bodyHash: JSON.stringify(command),
    actor: alice,
    correlationId: 'correlation',
    causationId: 'causation',
    ...change,
  };
}

const deposit = (amountFen: number, providerRef: string): WalletCommand => ({
  type: 'Deposit',
  userId: alice,
  amountFen,
  providerRef,
});
const withdraw = (amountFen: number): WalletCommand => ({
  type: 'Withdraw',
  userId: alice,
  amountFen,
  providerRef: `w${amountFen}`,
});

describe('batching', () => {
  it('decides what arrives together over the evolving state and appends it once', async () => {
    const { log, runtime, open } = harness();
    const { wallet: wallets } = open();
    const outcomes = await runtime.settle(
      Promise.all([
        wallets.execute(wallet, envelope(deposit(100, 'a'))),
        wallets.execute(wallet, envelope(withdraw(70))),
        wallets.execute(wallet, envelope(withdraw(50))),
      ]),
    );
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['accepted', 'accepted', 'rejected']);
    expect(log.appends).toMatchObject([{ expected: 'no-stream', events: [{}, {}] }]);
  });

  it('splits what does not fit into one append, and keeps the order', async () => {
    const { log, runtime, open } = harness({ batchEventsMax: 2 });
    const { wallet: wallets } = open();
    await runtime.settle(
      Promise.all([1, 2, 3, 4, 5].map((n) => wallets.execute(wallet, envelope(deposit(n, `${n}`))))),
    );
    expect(log.appends.map(({ events }) => events.length)).toEqual([2, 2, 1]);
    expect(log.events.map(({ data }) => (data as { amountFen: number }).amountFen)).toEqual([1, 2, 3, 4, 5]);
  });

  it('never records an earlier time than the stream has', async () => {
    const { log, runtime, open } = harness();
    const { wallet: wallets } = open();
    await runtime.settle(wallets.execute(wallet, envelope(deposit(1, 'a'))));
    runtime.stepWallClock(-60_000);
    await runtime.settle(wallets.execute(wallet, envelope(deposit(1, 'b'))));
    const [first, second] = log.events.map(({ metadata }) => metadata.timeMs);
    expect(second).toBe(first);
  });

  it('answers busy at once when the queue is full', async () => {
    const { runtime, open } = harness({ mailboxQueueMax: 2 });
    const { wallet: wallets } = open();
    const outcomes = await runtime.settle(
      Promise.all([1, 2, 3].map((n) => wallets.execute(wallet, envelope(deposit(n, `${n}`))))),
    );
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['accepted', 'accepted', 'busy']);
  });

  it('finds the one command that cannot be appended, and serves the others', async () => {
    const { log, runtime, watched, open } = harness();
    const { wallet: wallets } = open({
      ...watched,
      append: async (stream, expected, events) => {
        if (JSON.stringify(events).includes('"poison"')) throw new Error('cannot be written');
        return log.append(stream, expected, events);
      },
    });
    const refs = ['a', 'b', 'poison', 'c', 'd'];
    const outcomes = await runtime.settle(
      Promise.all(refs.map((ref) => wallets.execute(wallet, envelope(deposit(1, ref))))),
    );
    expect(outcomes.map((outcome) => outcome.kind)).toEqual([
      'accepted',
      'accepted',
      'rejected',
      'accepted',
      'accepted',
    ]);
    expect(outcomes[2]).toMatchObject({ rejection: { code: 'internal' } });
  });

  it('lets a decider that throws spoil one command only', async () => {
    const { runtime, open } = harness();
    const { wallet: wallets } = open();
    const broken = { type: 'CreditGrab', userId: alice, amountFen: -1 } as WalletCommand;
    const outcomes = await runtime.settle(
      Promise.all([
        wallets.execute(wallet, envelope(broken)),
        wallets.execute(wallet, envelope(deposit(1, 'a'))),
      ]),
    );
    expect(outcomes).toMatchObject([{ rejection: { code: 'internal' } }, { kind: 'accepted' }]);
  });
});

describe('freshness', () => {
  it('reads the tail once before it rejects from a cached state, and sees what another process wrote', async () => {
    const { runtime, reads, open } = harness();
    const [here, there] = [open(), open()];
    await runtime.settle(here.wallet.execute(wallet, envelope(deposit(10, 'a'))));
    await runtime.settle(there.wallet.execute(wallet, envelope(deposit(90, 'b'))));
    reads.length = 0;
    const outcomes = await runtime.settle(
      Promise.all([
        here.wallet.execute(wallet, envelope(withdraw(100))),
        here.wallet.execute(wallet, envelope(withdraw(1_000))),
        here.wallet.execute(wallet, envelope(withdraw(2_000))),
      ]),
    );
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['accepted', 'rejected', 'rejected']);
    expect(reads).toHaveLength(1);
  });

  it('takes a successful append as the proof of the rejections in its batch', async () => {
    const { runtime, reads, open } = harness();
    const { wallet: wallets } = open();
    await runtime.settle(wallets.execute(wallet, envelope(deposit(10, 'a'))));
    reads.length = 0;
    const outcomes = await runtime.settle(
      Promise.all([
        wallets.execute(wallet, envelope(withdraw(100))),
        wallets.execute(wallet, envelope(deposit(1, 'b'))),
      ]),
    );
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['rejected', 'accepted']);
    expect(reads).toHaveLength(0);
  });

  it('rejects from a terminal state without reading anything', async () => {
    const { runtime, reads, open } = harness();
    const { packet: packets } = open();
    const terms = packetTerms({ count: 1, totalFen: 5 });
    const stream = streams.packet(terms.packetId);
    await runtime.settle(packets.execute(stream, envelope({ type: 'OpenPacket', terms })));
    await runtime.settle(packets.execute(stream, envelope({ type: 'GrabPacket', by: bob, seed })));
    reads.length = 0;
    const late = packets.execute(stream, envelope({ type: 'GrabPacket', by: carol, seed }));
    expect(await runtime.settle(late)).toMatchObject({ rejection: { code: 'packet-exhausted' } });
    expect(reads).toHaveLength(0);
  });

  it('serves a precondition from the cache within its age, and from the log beyond it', async () => {
    const { runtime, reads, open } = harness();
    const { wallet: wallets } = open();
    await runtime.settle(wallets.load(wallet, { maxAgeMs: 0 }));
    await runtime.advance(1_000);
    await runtime.settle(wallets.load(wallet, { maxAgeMs: 1_000 }));
    expect(reads).toHaveLength(1);
    await runtime.advance(1);
    await runtime.settle(Promise.all([1, 2, 3].map(() => wallets.load(wallet, { maxAgeMs: 1_000 }))));
    expect(reads, 'one read serves all who ask at once').toHaveLength(2);
  });
});

describe('conflicts and unknown fates', () => {
  it('decides again over the tail when another process was faster', async () => {
    const { log, runtime, open } = harness();
    const [here, there] = [open(), open()];
    await runtime.settle(here.wallet.execute(wallet, envelope(deposit(100, 'a'))));
    await runtime.settle(there.wallet.execute(wallet, envelope(withdraw(80))));
    expect(await runtime.settle(here.wallet.execute(wallet, envelope(withdraw(70))))).toMatchObject({
      rejection: { code: 'insufficient-funds' },
    });
    expect(await runtime.settle(here.wallet.execute(wallet, envelope(withdraw(20))))).toMatchObject({
      state: { balanceFen: 0 },
    });
    expect(log.events).toHaveLength(3);
  });

  it('gives up after so many conflicts, having done nothing', async () => {
    const { log, runtime, open } = harness({ conflictRetriesMax: 3 });
    for (let n = 0; n < 4; n += 1) log.faults.push({ at: 'before-append', kind: 'conflict' });
    const outcome = await runtime.settle(open().wallet.execute(wallet, envelope(deposit(1, 'a'))));
    expect(outcome).toMatchObject({ kind: 'busy' });
    expect(log.events).toHaveLength(0);
  });

  it.each([
    ['had landed', 'after-append'],
    ['had not landed', 'before-append'],
  ] as const)('an append of unknown fate that %s happens once, and everyone is answered', async (_, at) => {
    const { log, runtime, open } = harness();
    log.faults.push({ at, kind: 'unknown' });
    const { wallet: wallets } = open();
    const outcomes = await runtime.settle(
      Promise.all([
        wallets.execute(wallet, envelope(deposit(10, 'a'))),
        wallets.execute(wallet, envelope(deposit(20, 'b'))),
      ]),
    );
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['accepted', 'accepted']);
    expect(log.events).toHaveLength(2);
  });

  it('blocks the stream until the tail was read back, and lets nobody past', async () => {
    const { log, runtime, open, setDown } = harness();
    const { wallet: wallets } = open();
    await runtime.settle(wallets.execute(wallet, envelope(deposit(10, 'a'))));
    log.faults.push({ at: 'after-append', kind: 'unknown' });
    setDown(true);
    const uncertain = wallets.execute(wallet, envelope(withdraw(10)));
    await runtime.flush();
    const next = wallets.execute(wallet, envelope(deposit(5, 'b')));
    await runtime.advance(5_000);
    expect(log.appends, 'nothing was decided meanwhile').toHaveLength(2);
    setDown(false);
    expect(await runtime.settle(uncertain)).toMatchObject({ kind: 'accepted' });
    expect(await runtime.settle(next)).toMatchObject({ state: { balanceFen: 5 } });
  });

  it('answers unknown, never a rejection, when the fate stays unknown past the deadline', async () => {
    const { log, runtime, open, setDown } = harness();
    const { wallet: wallets } = open();
    await runtime.settle(wallets.execute(wallet, envelope(deposit(10, 'a'))));
    log.faults.push({ at: 'after-append', kind: 'unknown' });
    setDown(true);
    const uncertain = wallets.execute(wallet, envelope(withdraw(10)));
    await runtime.flush();
    const untried = wallets.execute(wallet, envelope(withdraw(1)));
    expect(await runtime.settle(uncertain)).toEqual({ kind: 'unknown' });
    expect(await runtime.settle(untried)).toMatchObject({ rejection: { code: 'unavailable' } });
  });

  it('does not reject what a late append may still make true', async () => {
    const { log, runtime, watched, open } = harness();
    const terms = packetTerms();
    const stream = streams.packet(terms.packetId);
    await runtime.settle(open().packet.execute(stream, envelope({ type: 'OpenPacket', terms })));
    await runtime.advance(terms.expiresAtSecond * 1000 - 1 - runtime.clock.nowMs());
    // Decided in time and on its way; by the time it is known not to have landed, the packet has expired.
    const slow = open({
      ...watched,
      append: async () => {
        runtime.stepWallClock(10);
        return { kind: 'unknown', cause: 'on its way' };
      },
    });
    const grab = (by: typeof bob) => envelope({ type: 'GrabPacket', by, seed } as const);
    expect(await runtime.settle(slow.packet.execute(stream, grab(bob)))).toEqual({ kind: 'unknown' });
    expect(
      await runtime.settle(slow.packet.execute(stream, grab(carol))),
      'of one never tried',
    ).toMatchObject({
      rejection: { code: 'packet-expired' },
    });
    expect(log.events).toHaveLength(1);
  });
});

describe('what the event log will never do', () => {
  const refusing = (watched: EventLog, change: Partial<EventLog>): EventLog => ({ ...watched, ...change });

  it.each([
    [new StreamDeleted('ended'), 'not-found'],
    [new EventLogDamaged('damaged'), 'internal'],
    [new EventLogRefused('no right'), 'internal'],
  ] as const)(
    'a stream that cannot be read ends its commands with the code of $name',
    async (error, code) => {
      const { watched, runtime, open } = harness();
      const broken = refusing(watched, {
        // biome-ignore lint/correctness/useYield: it throws before there is anything to yield.
        async *readStream() {
          throw error;
        },
      });
      const outcome = open(broken).wallet.execute(wallet, envelope(deposit(1, 'a')));
      expect(await runtime.settle(outcome)).toMatchObject({ kind: 'rejected', rejection: { code } });
    },
  );

  it.each([
    [new StreamDeleted('ended'), 'not-found'],
    [new AppendRejected('too large', 'too-large'), 'too-large'],
    [new AppendRejected('malformed'), 'internal'],
    [new EventLogRefused('no right'), 'internal'],
  ] satisfies [EventLogError, string][])(
    'an append that is refused for good ends its command with the code of $name',
    async (error, code) => {
      const { watched, runtime, open, log } = harness();
      const broken = refusing(watched, { append: () => Promise.reject(error) });
      const outcome = open(broken).wallet.execute(wallet, envelope(deposit(1, 'a')));
      expect(await runtime.settle(outcome)).toMatchObject({ kind: 'rejected', rejection: { code } });
      expect(log.events).toEqual([]);
    },
  );

  it('a command whose append may have landed is not called rejected when the stream cannot be read', async () => {
    const { log, watched, runtime, open } = harness();
    let appended = false;
    const broken = refusing(watched, {
      async append(stream, expected, events) {
        await log.append(stream, expected, events);
        appended = true;
        return { kind: 'unknown', cause: 'a test' };
      },
      async *readStream(stream, options) {
        if (appended) throw new EventLogDamaged('damaged');
        yield* log.readStream(stream, options);
      },
    });
    const outcome = open(broken).wallet.execute(wallet, envelope(deposit(1, 'a')));
    expect(await runtime.settle(outcome)).toEqual({ kind: 'unknown' });
  });
});

describe('command ids', () => {
  it('gives the same id and body the first answer again, in one batch or later', async () => {
    const { log, runtime, open } = harness();
    const { wallet: wallets } = open();
    const command = envelope(deposit(10, 'a'));
    const [first, twin] = await runtime.settle(
      Promise.all([wallets.execute(wallet, command), wallets.execute(wallet, command)]),
    );
    const later = await runtime.settle(wallets.execute(wallet, command));
    const restarted = await runtime.settle(open().wallet.execute(wallet, command));
    if (first?.kind !== 'accepted') throw new Error(first?.kind);
    for (const outcome of [twin, later, restarted]) {
      expect(outcome).toMatchObject({ kind: 'accepted', repeated: true, events: first.events });
    }
    expect(log.events).toHaveLength(1);
  });

  it('refuses the same id with another body, in one batch or later', async () => {
    const { runtime, open } = harness();
    const { wallet: wallets } = open();
    const command = envelope(deposit(10, 'a'));
    const other = { ...command, bodyHash: 'another', command: deposit(11, 'b') };
    const [, twin] = await runtime.settle(
      Promise.all([wallets.execute(wallet, command), wallets.execute(wallet, other)]),
    );
    const later = await runtime.settle(wallets.execute(wallet, other));
    expect(twin).toMatchObject({ rejection: { code: 'command-id-reused' } });
    expect(later).toMatchObject({ rejection: { code: 'command-id-reused' } });
  });

  it('decides a rejected command again', async () => {
    const { runtime, open } = harness();
    const { wallet: wallets } = open();
    const command = envelope(withdraw(10));
    expect(await runtime.settle(wallets.execute(wallet, command))).toMatchObject({ kind: 'rejected' });
    await runtime.settle(wallets.execute(wallet, envelope(deposit(10, 'a'))));
    expect(await runtime.settle(wallets.execute(wallet, command))).toMatchObject({ kind: 'accepted' });
  });

  it('lets an earlier acceptance outrank a precondition that refuses now', async () => {
    const { runtime, open } = harness();
    const { wallet: wallets } = open();
    const refusal = rejection('not-friends', 'not any more');
    const command = envelope(deposit(10, 'a'));
    await runtime.settle(wallets.execute(wallet, command));
    const again = await runtime.settle(wallets.execute(wallet, { ...command, refusal }));
    expect(again).toMatchObject({ kind: 'accepted', repeated: true });
    const fresh = await runtime.settle(wallets.execute(wallet, envelope(deposit(1, 'b'), { refusal })));
    expect(fresh).toMatchObject({ rejection: { code: 'not-friends' } });
  });

  it('asks the history for what the cache has forgotten, when the client says that it retries', async () => {
    const few = { recentCommandsMin: 1, recentCommandsMax: 1 };
    const { log, stores, runtime, open } = harness(few);
    const { friendship } = open();
    const stream = streams.friendship(alice, bob);
    const block = envelope({ type: 'BlockUser', by: alice, other: bob } as const);
    await runtime.settle(friendship.execute(stream, block));
    const unblock = envelope({ type: 'UnblockUser', by: alice, other: bob } as const);
    await runtime.settle(friendship.execute(stream, unblock));
    recordHistory(stores, log.events);
    const again = await runtime.settle(friendship.execute(stream, { ...block, retry: true }));
    expect(again).toMatchObject({ kind: 'accepted', repeated: true, events: [{ revision: 0 }] });
    const other = { ...block, bodyHash: 'another', retry: true };
    expect(await runtime.settle(friendship.execute(stream, other))).toMatchObject({
      rejection: { code: 'command-id-reused' },
    });
    expect(log.events).toHaveLength(2);
  });

  it('answers what the history knows of another process with a state that has it', async () => {
    const few = { recentCommandsMin: 1, recentCommandsMax: 1 };
    const { log, stores, runtime, open } = harness(few);
    const [one, two] = [open(), open()];
    for (const ref of ['a', 'b']) await runtime.settle(two.wallet.execute(wallet, envelope(deposit(1, ref))));
    const command = envelope(deposit(10, 'c'));
    await runtime.settle(one.wallet.execute(wallet, command));
    recordHistory(stores, log.events);
    const again = await runtime.settle(two.wallet.execute(wallet, { ...command, retry: true }));
    expect(again).toMatchObject({ repeated: true, revision: 2, state: { balanceFen: 12 } });
  });

  it('searches the stream back to the cause of a command that must happen once', async () => {
    const few = { recentCommandsMin: 1, recentCommandsMax: 1, searchPageEvents: 2 };
    const { log, runtime, open } = harness(few);
    const { conversation } = open();
    const stream = 'conversation-x';
    const conversationId = 'group:x' as never;
    const notice = {
      type: 'PostNotice',
      conversationId,
      notice: { kind: 'friends-now', by: alice },
    } as const;
    const once = { ...envelope(notice), onceAfter: START };
    await runtime.settle(conversation.execute(stream, once));
    for (let n = 0; n < 5; n += 1) await runtime.settle(conversation.execute(stream, envelope(notice)));
    const again = await runtime.settle(open().conversation.execute(stream, once));
    expect(again).toMatchObject({ repeated: true, events: [{ revision: 0 }] });
    expect(log.events).toHaveLength(6);
  });
});

describe('the cache and its snapshots', () => {
  it('forgets what was not used for longest, and what was idle for too long', async () => {
    const { runtime, open } = harness({ cachedAggregatesBytesMax: 5_000, cachedAggregateIdleMs: 1_000 });
    const { wallet: wallets } = open();
    for (const name of ['wallet-1', 'wallet-2', 'wallet-3']) {
      await runtime.settle(wallets.load(name, { maxAgeMs: 0 }));
    }
    expect(wallets.cachedCount).toBe(2);
    await runtime.advance(1_001);
    await runtime.settle(wallets.load('wallet-4', { maxAgeMs: 0 }));
    expect(wallets.cachedCount).toBe(1);
  });

  it('starts from a snapshot, with the commands that it remembers, and reads the tail only', async () => {
    const { log, runtime, watched, stores, open } = harness({ snapshotEveryEvents: 3 });
    const { wallet: wallets } = open();
    const command = envelope(deposit(1, 'a'));
    await runtime.settle(wallets.execute(wallet, command));
    for (const ref of ['b', 'c', 'd'])
      await runtime.settle(wallets.execute(wallet, envelope(deposit(1, ref))));
    expect(stores.snapshots.kept.get(wallet)).toMatchObject({ revision: 2 });
    const read: number[] = [];
    const restarted = open({
      ...watched,
      async *readStream(stream, options) {
        for await (const event of log.readStream(stream, options)) {
          read.push(event.revision);
          yield event;
        }
      },
    });
    const { state } = await runtime.settle(restarted.wallet.load(wallet, { maxAgeMs: 0 }));
    expect(state.balanceFen).toBe(4);
    expect(read).toEqual([2, 3]);
    expect(await runtime.settle(restarted.wallet.execute(wallet, command))).toMatchObject({ repeated: true });
  });

  it('does not believe a snapshot of another history, epoch or fold', async () => {
    const { runtime, stores, open } = harness({ snapshotEveryEvents: 1 });
    await runtime.settle(open().wallet.execute(wallet, envelope(deposit(7, 'a'))));
    const kept = stores.snapshots.kept.get(wallet)!;
    const lies = {
      ...kept,
      body: { ...kept.body, state: { ...(kept.body.state as object), balanceFen: 99 } },
    };
    for (const lie of [
      { ...lies, lastEventId: 'of another history' },
      { ...lies, epoch: 'epoch-0' },
      { ...lies, foldVersion: -1 },
      { ...lies, revision: 5 },
    ]) {
      stores.snapshots.kept.set(wallet, lie);
      const { state } = await runtime.settle(open().wallet.load(wallet, { maxAgeMs: 0 }));
      expect(state.balanceFen).toBe(7);
    }
  });
});

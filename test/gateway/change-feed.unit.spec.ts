import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { limits } from '../../src/config/limits.ts';
import {
  type ConversationId,
  directConversationId,
  type GroupId,
  groupConversationId,
  type UserId,
} from '../../src/domain/ids.ts';
import { ChangeFeed } from '../../src/gateway/hub/change-feed.ts';
import { Hub } from '../../src/gateway/hub/hub.ts';
import { Connection } from '../../src/gateway/socket/connection.ts';
import { UserDirectory } from '../../src/gateway/views/user-directory.ts';
import type { BusMessage, ProjectionProgress } from '../../src/projections/bus.ts';
import { audienceOf, type Change } from '../../src/projections/changes.ts';
import type { MessageRow } from '../../src/projections/messages-projection.ts';
import type { UserGroupRow } from '../../src/projections/queries/membership-queries.ts';
import type { PushFrame } from '../../src/protocol/pushes.ts';
import { bounds } from '../../src/protocol/bounds.ts';
import { alice, bob, carol, clientMsgId } from '../support/domain-fixtures.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

const team = '019b7a2e-5c00-7000-8000-00000000000a' as GroupId;
const teamChat = groupConversationId(team);

/** A feed with read models and a bus that do what a test says, in virtual time. */
async function feedOf(users: readonly UserId[], options: { memberCount?: number } = {}) {
  const runtime = virtualRuntime({ seed: 1 });
  const memberCount = options.memberCount ?? users.length;
  /** What the read models say. */
  let memberships: UserGroupRow[] = users.map((userId) => ({ userId, groupId: team, memberCount }));
  /** Resolves when the memberships have been read; set by a test that holds them back. */
  let reading: Promise<void> = Promise.resolve();
  let progress: readonly ProjectionProgress[] = [];
  let membershipsReached = 0n;
  let failing = 0;
  const waitsMs: number[] = [];
  const waiters = new Set<() => void>();
  const listeners: ((message: BusMessage) => void)[] = [];
  const pushed: { to: UserId | undefined; atMs: number; frame: PushFrame }[] = [];
  const checkpoints = new Map<string, bigint>();
  const hub = new Hub(async (userIds) => {
    const rows = memberships.filter(({ userId }) => userIds.includes(userId));
    await reading;
    if (failing > 0) {
      failing -= 1;
      throw new Error('no answer');
    }
    return rows;
  });
  for (const userId of users) {
    const connection = new Connection({} as WebSocket, 0);
    connection.userId = userId;
    await hub.join(connection, userId);
  }
  const open = async () => JSON.stringify({ kind: 'text', text: 'hello' });
  const feed = new ChangeFeed({
    bus: {
      subscribe(listener) {
        listeners.push(listener);
        return () => listeners.pop();
      },
    },
    reads: {
      progress: async () => progress,
      accounts: async () => [],
      async waitFor(_models, position, timeoutMs) {
        if (membershipsReached >= position) return true;
        waitsMs.push(timeoutMs);
        const reached = Promise.withResolvers<void>();
        waiters.add(reached.resolve);
        const given = new AbortController();
        await Promise.race([reached.promise, runtime.timers.sleep(timeoutMs, given.signal)]);
        given.abort();
        return membershipsReached >= position;
      },
    },
    tokens: { revokedDevices: async () => [] },
    hub,
    directory: new UserDirectory({ accounts: async () => [] }, open, runtime),
    open,
    runtime,
    logger: pino({ level: 'silent' }),
    push: ({ userId }, frame) => {
      pushed.push({ to: userId, atMs: runtime.clock.monotonicMs(), frame: JSON.parse(String(frame)) });
    },
    endSessions: () => undefined,
  });
  await feed.start();

  const hear = (message: BusMessage): void => {
    for (const listener of listeners) listener(message);
  };
  return {
    runtime,
    hub,
    feed,
    pushed,
    waitsMs,
    hear,
    publish(projection: string, checkpoint: bigint, changes: readonly Change[], previous?: bigint) {
      const before = previous ?? checkpoints.get(projection) ?? 0n;
      checkpoints.set(projection, checkpoint);
      hear({
        kind: 'changes',
        projection,
        generation: 1,
        partitionCount: 1,
        partitions: [{ partition: 0, previous: before }],
        checkpoint,
        changes,
      });
    },
    readModelsAre(...now: ProjectionProgress[]) {
      progress = now;
    },
    groupsAreAt(position: bigint) {
      membershipsReached = position;
      for (const wake of waiters) wake();
    },
    membersAre(...userIds: UserId[]) {
      memberships = userIds.map((userId) => ({ userId, groupId: team, memberCount: userIds.length }));
    },
    holdReads() {
      const { promise, resolve } = Promise.withResolvers<void>();
      reading = promise;
      return resolve;
    },
    failReads(times: number) {
      failing = times;
    },
    /** A connection of a user says hello. */
    async connect(userId: UserId) {
      const connection = new Connection({} as WebSocket, 0);
      connection.userId = userId;
      await hub.join(connection, userId);
    },
    to: (userId: UserId) => pushed.filter(({ to }) => to === userId).map(({ frame }) => frame),
  };
}

function message(conversationId: ConversationId, seq: number): Change {
  const row: MessageRow = {
    conversationId,
    seq,
    kind: 'text',
    senderId: alice,
    clientMsgId: clientMsgId(seq),
    messageNo: seq,
    body: { subject: alice, key: 1, box: '' },
    packetId: null,
    timeMs: 0,
    notice: null,
    recallOf: null,
    recalledBySeq: null,
  };
  return { kind: 'message', audience: audienceOf(conversationId), message: row };
}

const receipt = (userId: UserId): Change => {
  return {
    kind: 'receipt',
    audience: audienceOf(teamChat),
    conversationId: teamChat,
    userId,
    delivered: 1,
    read: 0,
  };
};
const typesOf = (frames: readonly PushFrame[]) => frames.map(({ type }) => type);
const resyncAll: PushFrame = { type: 'resync', data: { conversationId: null, from: null } };

it('a bus that loses message after message costs one resync of everyone at a time, and one after the last', async () => {
  const { runtime, feed, pushed, publish } = await feedOf([alice]);
  let lastLossAtMs = 0;
  const timersBefore = runtime.pendingTimers;
  for (let checkpoint = 1n; checkpoint <= 100n; checkpoint += 1n) {
    // Never the checkpoint of the one before: every message follows one that was lost.
    publish('messages', checkpoint * 10n, [], checkpoint * 10n - 1n);
    lastLossAtMs = runtime.clock.monotonicMs();
    expect(runtime.pendingTimers - timersBefore).toBeLessThanOrEqual(1);
    await runtime.advance(10);
  }
  await runtime.advance(2 * limits.gateway.resyncSpreadMs);

  expect(pushed.length).toBeLessThanOrEqual(3);
  expect(pushed.at(-1)?.atMs).toBeGreaterThanOrEqual(lastLossAtMs);
  feed.stop();
  expect(runtime.pendingTimers).toBe(0);
});

describe('memberships that the bus has lost', () => {
  it('are read again before anyone is told to resync, and in both directions', async () => {
    const { runtime, hub, publish, membersAre, groupsAreAt, to } = await feedOf([alice, bob, carol]);
    groupsAreAt(1_000n);
    membersAre(alice, carol);
    publish('groups', 10n, []);
    // Between 10 and 20 Bob was removed.
    publish('groups', 30n, [], 20n);
    await runtime.advance(0);
    expect(hub.isMember(bob, team)).toBe(false);
    expect(hub.isMember(carol, team)).toBe(true);
    await runtime.advance(limits.gateway.resyncSpreadMs);
    expect(to(bob)).toEqual([resyncAll]);
    publish('messages', 40n, [message(teamChat, 1)]);
    await runtime.advance(0);
    expect(typesOf(to(bob))).toEqual(['resync']);
    expect(typesOf(to(carol))).toEqual(['resync', 'message']);

    membersAre(alice, bob, carol);
    publish('groups', 60n, [], 50n);
    await runtime.advance(limits.gateway.resyncSpreadMs);
    publish('messages', 70n, [message(teamChat, 2)]);
    await runtime.advance(0);
    expect(typesOf(to(bob))).toEqual(['resync', 'resync', 'message']);
  });

  it('hold back what goes to a group while they are read, and the resync until they are', async () => {
    const { runtime, publish, membersAre, groupsAreAt, holdReads, pushed, to } = await feedOf([alice, bob]);
    groupsAreAt(1_000n);
    membersAre(alice);
    const finishReading = holdReads();
    publish('groups', 10n, []);
    publish('groups', 30n, [], 20n);
    publish('messages', 40n, [message(teamChat, 1)]);
    await runtime.advance(limits.gateway.membershipWaitMs - 1);
    expect(pushed).toEqual([]);
    finishReading();
    await runtime.advance(limits.gateway.resyncSpreadMs);
    expect(typesOf(to(bob))).toEqual(['resync']);
    expect(typesOf(to(alice)).toSorted()).toEqual(['message', 'resync']);
  });

  it('are read until they can be; nothing goes to a group before, and nobody loses what they had', async () => {
    const { runtime, hub, publish, membersAre, groupsAreAt, failReads, to } = await feedOf([alice, bob]);
    groupsAreAt(1_000n);
    membersAre(alice);
    failReads(3);
    publish('groups', 10n, []);
    publish('groups', 30n, [], 20n);
    publish('messages', 40n, [message(teamChat, 1)]);
    await runtime.advance(0);
    expect(to(bob)).toEqual([]);
    expect(hub.connectionsOf(bob)).toHaveLength(1);
    await runtime.advance(3 * limits.gateway.refreshDelayMsMax + limits.gateway.resyncSpreadMs);
    expect(hub.isMember(bob, team)).toBe(false);
    expect(to(bob)).not.toContainEqual(expect.objectContaining({ type: 'message' }));
    expect(to(bob)).toContainEqual(resyncAll);
    expect(to(alice)).toContainEqual(resyncAll);
  });

  it.each([
    ['first', 'last'],
    ['last', 'first'],
  ])(
    'of one who says hello meanwhile are not those that the hello reads, be those there %s',
    async (order) => {
      const { runtime, hub, publish, membersAre, holdReads, connect } = await feedOf([alice]);
      publish('groups', 10n, []);
      membersAre(alice, bob);
      const finishHello = holdReads();
      let hasJoined = false;
      const hello = connect(bob).then(() => {
        hasJoined = true;
      });
      // Between 10 and 20 Bob was removed; what his hello reads is from before.
      membersAre(alice);
      const finishReading = holdReads();
      publish('groups', 30n, [], 20n);
      if (order === 'first') {
        finishHello();
        await runtime.advance(0);
        // The hello is answered when it is known what Bob is to hear.
        expect(hasJoined).toBe(false);
      }
      finishReading();
      await runtime.advance(0);
      finishHello();
      await hello;
      expect(hub.isMember(bob, team)).toBe(false);
    },
  );

  it('count less than a change that comes while they are read', async () => {
    const { runtime, hub, publish, membersAre, holdReads } = await feedOf([alice, bob, carol]);
    membersAre(alice, bob);
    const finishReading = holdReads();
    publish('groups', 10n, []);
    publish('groups', 30n, [], 20n);
    hub.memberOut(team, bob);
    hub.memberIn(team, carol);
    finishReading();
    await runtime.advance(0);
    expect([alice, bob, carol].map((userId) => hub.isMember(userId, team))).toEqual([true, false, true]);
  });
});

describe('memberships that stand still', () => {
  it('cost one wait, and then the word that there is something to read in place of the content', async () => {
    const { runtime, publish, waitsMs, to } = await feedOf([alice, bob]);
    publish('messages', 10n, [message(teamChat, 5)]);
    await runtime.advance(limits.gateway.membershipWaitMs - 1);
    expect(to(bob)).toEqual([]);
    await runtime.advance(1);
    expect(to(bob)).toEqual([{ type: 'resync', data: { conversationId: teamChat, from: 5 } }]);

    publish('messages', 20n, [message(teamChat, 6)]);
    publish('messages', 30n, [message(teamChat, 7)]);
    await runtime.advance(limits.gateway.owedResyncMs);
    // Not one per message, and none of them waited for what stands still.
    expect(to(bob)).toHaveLength(2);
    expect(waitsMs[0]).toBe(limits.gateway.membershipWaitMs);
    expect(new Set(waitsMs.slice(1))).toEqual(new Set([0]));
  });

  it('do not delay direct conversations', async () => {
    const { runtime, publish, to } = await feedOf([alice, bob]);
    publish('messages', 10n, [message(teamChat, 1), message(directConversationId(alice, bob), 1)]);
    publish('messages', 20n, [message(directConversationId(alice, bob), 2)]);
    await runtime.advance(0);
    expect(typesOf(to(bob))).toEqual(['message', 'message']);
  });

  it('and catch up: those who are members then are told what was left out, and the content flows again', async () => {
    const { runtime, feed, hub, publish, groupsAreAt, to } = await feedOf([alice, bob, carol]);
    hub.memberOut(team, carol);
    publish('messages', 10n, [message(teamChat, 5)]);
    await runtime.advance(limits.gateway.membershipWaitMs);
    // What stood still until now: Bob was removed and Carol came in before the message.
    hub.memberOut(team, bob);
    hub.memberIn(team, carol);
    groupsAreAt(10n);
    const heardByBob = to(bob).length;
    await runtime.advance(limits.gateway.owedResyncMs);
    expect(to(carol)).toEqual([{ type: 'resync', data: { conversationId: teamChat, from: 5 } }]);
    groupsAreAt(20n);
    publish('messages', 20n, [message(teamChat, 6)]);
    await runtime.advance(0);
    expect(typesOf(to(carol))).toEqual(['resync', 'message']);
    expect(to(bob)).toHaveLength(heardByBob);
    feed.stop();
    await runtime.advance(limits.gateway.membershipWaitMs);
    expect(runtime.pendingTimers).toBe(0);
  });
});

describe('receipts', () => {
  it('of a small group go to its members', async () => {
    const { runtime, publish, groupsAreAt, to } = await feedOf([alice, bob], {
      memberCount: bounds.receiptPushMembersMax,
    });
    groupsAreAt(1_000n);
    publish('cursors', 10n, [receipt(alice), receipt(bob)]);
    await runtime.advance(0);
    expect(typesOf(to(alice))).toEqual(['receipt', 'receipt']);
  });

  it('of a large group go to nobody: they would be its members squared', async () => {
    const { runtime, publish, groupsAreAt, pushed } = await feedOf([alice, bob], {
      memberCount: bounds.receiptPushMembersMax + 1,
    });
    groupsAreAt(1_000n);
    publish('cursors', 10n, [receipt(alice), receipt(bob)]);
    await runtime.advance(0);
    expect(pushed).toEqual([]);
  });
});

it('a batch that makes very many pushes lets other work have its turn in between', async () => {
  const { runtime, publish, pushed } = await feedOf([alice, bob]);
  const count = limits.gateway.pushesPerTurnMax;
  const chat = directConversationId(alice, bob);
  publish(
    'messages',
    10n,
    Array.from({ length: count }, (_, index) => message(chat, index + 1)),
  );
  // No timer fires: this is one turn.
  await runtime.flush();
  expect(pushed).toHaveLength(count);
  await runtime.advance(0);
  expect(pushed).toHaveLength(2 * count);
});

describe('a partition whose projector the bus does not reach', () => {
  it('is looked at, although others are heard of all the time, and its changes make everyone resync', async () => {
    const { runtime, hear, pushed, readModelsAre } = await feedOf([alice]);
    const at = (partition: number, changed: bigint): ProjectionProgress => ({
      projection: 'messages',
      generation: 1,
      partitionCount: 2,
      partitions: [partition],
      changed,
      reached: changed,
    });
    const live = async (durationMs: number): Promise<void> => {
      for (let ms = 0; ms < durationMs; ms += limits.projections.heartbeatMs) {
        hear({ kind: 'progress', projections: [at(0, 5n)] });
        await runtime.advance(limits.projections.heartbeatMs);
      }
    };
    readModelsAre(at(0, 5n), at(1, 5n));
    await live(2 * limits.gateway.busSilenceMs);
    hear({ kind: 'progress', projections: [at(1, 5n)] });
    await live(2 * limits.gateway.busSilenceMs);
    expect(pushed).toEqual([]);
    readModelsAre(at(0, 5n), at(1, 9n));
    await live(2 * limits.gateway.busSilenceMs);
    expect(pushed.map(({ frame }) => frame)).toEqual([resyncAll]);
  });
});

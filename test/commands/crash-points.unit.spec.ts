import { describe, expect, it } from 'vitest';
import type { ConversationId, GroupId } from '../../src/domain/ids.ts';
import type { Scenario } from './support/crash-rounds.ts';
import { crashRound, everyPoint, expectRulesHold } from './support/crash-rounds.ts';
import type { Person, Process, World } from './support/write-side-world.ts';
import {
  befriended,
  contextOf,
  done,
  eventsOf,
  moneyIn,
  packetRequest,
  registered,
  world,
} from './support/write-side-world.ts';

/** Every scenario is run undisturbed once, then again with each of its appends failing in each way. */

async function group(w: World, side: Process) {
  const alice = await registered(side, 'alice');
  const bob = await registered(side, 'bob');
  await befriended(w, side, alice, bob);
  const made = await done(w, side, alice, 'createGroup', { name: 'g', memberIds: [bob.userId] });
  await done(w, side, alice, 'deposit', { amountFen: 5_000, providerRef: 'top-up' });
  return { alice, bob, ...made };
}

async function sent(w: World, side: Process, count = 1) {
  const it = await group(w, side);
  const request = packetRequest(it.conversationId, { count, ttlSeconds: 3_600 });
  const packet = await done(w, side, it.alice, 'sendPacket', request);
  return { ...it, packet };
}

const sending: Scenario<Awaited<ReturnType<typeof group>> & { commandId: string }> = {
  root: 'PacketFunded',
  async prepare(w, side) {
    return { ...(await group(w, side)), commandId: w.runtime.ids.next() };
  },
  act: (w, side, { alice, conversationId, commandId }) =>
    side.commands.execute(
      'sendPacket',
      packetRequest(conversationId, { ttlSeconds: 3_600 }),
      contextOf(w, alice, { commandId, retry: true }),
    ),
};

const grabbing: Scenario<Awaited<ReturnType<typeof sent>> & { commandId: string }> = {
  root: 'PacketGrabbed',
  async prepare(w, side) {
    return { ...(await sent(w, side)), commandId: w.runtime.ids.next() };
  },
  act: (w, side, { bob, packet, commandId }) =>
    side.commands.execute('grabPacket', { packetId: packet.packetId }, contextOf(w, bob, { commandId })),
};

const refunding: Scenario<Awaited<ReturnType<typeof sent>>> = {
  root: 'PacketRefunded',
  async prepare(w, side) {
    const it = await sent(w, side, 2);
    await w.runtime.advance(3_600_000);
    return it;
  },
  act: (_w, side, { packet }) => side.refunds.refundPacket(packet.packetId),
};

/** Sends a packet by way of a process that dies right after the funding. */
async function fundedOnly(w: World, sender: Person, conversationId: ConversationId) {
  const request = packetRequest(conversationId, { ttlSeconds: 3_600 });
  const commandId = w.runtime.ids.next();
  const dying = await w.start();
  w.log.faults.push({ at: 'after-append', kind: 'crash', stream: `wallet-${sender.userId}` });
  dying.commands.execute('sendPacket', request, contextOf(w, sender, { commandId })).catch(() => undefined);
  await w.runtime.flush();
  expect(dying.mortal.dead).toBe(true);
  return { request, commandId };
}

/** A packet whose sender died right after funding it, and whose group was dissolved since. */
const cancelling: Scenario<{ alice: Person; request: ReturnType<typeof packetRequest>; commandId: string }> =
  {
    root: 'PacketFunded',
    async prepare(w, side) {
      const { alice, groupId, conversationId } = await group(w, side);
      const funded = await fundedOnly(w, alice, conversationId);
      await done(w, side, alice, 'dissolveGroup', { groupId });
      return { alice, ...funded };
    },
    act: async (w, side, { alice, request, commandId }) => {
      // First recovery, then the client's retry.
      await w.runtime.timers.sleep(10_000);
      return side.commands.execute('sendPacket', request, contextOf(w, alice, { commandId, retry: true }));
    },
  };

/** A packet whose sender died right after funding it, was removed, and is let in again once it was cancelled. */
const readmitting: Scenario<{
  alice: Person;
  bob: Person;
  groupId: GroupId;
  request: ReturnType<typeof packetRequest>;
  commandId: string;
  invitation: string;
}> = {
  root: 'MemberJoined',
  async prepare(w, side) {
    const alice = await registered(side, 'alice');
    const bob = await registered(side, 'bob');
    const memberIds = [alice.userId];
    const { groupId, conversationId } = await done(w, side, bob, 'createGroup', { name: 'g', memberIds });
    await done(w, side, alice, 'deposit', { amountFen: 5_000, providerRef: 'top-up' });
    const funded = await fundedOnly(w, alice, conversationId);
    await done(w, side, bob, 'removeMember', { groupId, userId: alice.userId });
    return { alice, bob, groupId, ...funded, invitation: w.runtime.ids.next() };
  },
  act: async (w, side, { alice, bob, groupId, request, commandId, invitation }) => {
    await w.runtime.timers.sleep(10_000);
    const userIds = [alice.userId];
    const inviting = contextOf(w, bob, { commandId: invitation });
    await side.commands.execute('inviteMembers', { groupId, userIds }, inviting);
    return side.commands.execute('sendPacket', request, contextOf(w, alice, { commandId, retry: true }));
  },
};

const noticing: Scenario<Awaited<ReturnType<typeof group>> & { carol: Person; commandId: string }> = {
  root: 'MemberJoined',
  async prepare(w, side) {
    const it = await group(w, side);
    const carol = await registered(side, 'carol');
    return { ...it, carol, commandId: w.runtime.ids.next() };
  },
  act: (w, side, { bob, carol, groupId, commandId }) =>
    side.commands.execute(
      'inviteMembers',
      { groupId, userIds: [carol.userId] },
      contextOf(w, bob, { commandId }),
    ),
};

const scenarios = { sending, grabbing, refunding, cancelling, readmitting, noticing } as const;

describe.each(Object.keys(scenarios) as (keyof typeof scenarios)[])('%s', (name) => {
  const scenario = scenarios[name] as Scenario<unknown>;

  it('comes to the same end, with nothing twice, after a crash before or after any of its appends', async () => {
    const undisturbed = await crashRound(scenario);
    expectRulesHold(undisturbed);
    expect(undisturbed.appends).toBeGreaterThan(0);
    for (const fault of everyPoint(undisturbed.appends, 'crash')) {
      const round = await crashRound(scenario, fault);
      const where = `${fault.at} ${fault.skip}`;
      // Once it has begun, nobody needs to ask again.
      const began = round.recovered.some((line) => line.endsWith(` ${scenario.root}`));
      if (began) expect(round.recovered, where).toEqual(undisturbed.summary);
      expect(round.summary, where).toEqual(undisturbed.summary);
      expect(withoutPosition(round.answer), where).toEqual(withoutPosition(undisturbed.answer));
      expectRulesHold(round);
    }
  });

  it('comes to the same end when the fate of any of its appends stays unknown', async () => {
    const undisturbed = await crashRound(scenario);
    for (const fault of everyPoint(undisturbed.appends, 'unknown')) {
      const round = await crashRound(scenario, fault);
      expect(round.summary, `${fault.at} ${fault.skip}`).toEqual(undisturbed.summary);
      expectRulesHold(round);
    }
  });

  it('comes to the same end when another writer is faster at any of its appends', async () => {
    const undisturbed = await crashRound(scenario);
    for (let skip = 0; skip < undisturbed.appends; skip += 1) {
      const round = await crashRound(scenario, { at: 'before-append', kind: 'conflict', skip });
      expect(round.summary, `append ${skip}`).toEqual(undisturbed.summary);
    }
  });

  it('comes to the same end when two processes recover it at once', async () => {
    const undisturbed = await crashRound(scenario);
    const w = world(42);
    const first = await w.start();
    const setup = await scenario.prepare(w, first);
    // Leases in a store of its own: nothing keeps the two apart.
    const second = await w.start({ stores: { ...w.stores, leases: freeLeases } });
    first.startProcessManagers();
    second.startProcessManagers();
    await w.runtime.settle(Promise.all([scenario.act(w, first, setup), scenario.act(w, second, setup)]));
    await w.runtime.advance(30_000);
    expect(w.log.events.map(({ stream, type }) => `${stream} ${type}`).sort()).toEqual(undisturbed.summary);
  });
});

const freeLeases = { acquire: async () => true, release: async () => undefined };

/** Terms and times of a send that began anew after the crash are others; what counts is that it was answered. */
function withoutPosition(answer: unknown): unknown {
  const { position: _, answer: inner, ...rest } = answer as { position?: bigint; answer?: object };
  if (inner === undefined) return rest;
  return { ...rest, answer: { ...inner, timeMs: 0, expiresAtSecond: 0 } };
}

describe('what these scenarios end in', () => {
  it('a cancelled packet gives all of its money back, and its sender is told why', async () => {
    const round = await crashRound(cancelling);
    expect(round.answer).toMatchObject({ kind: 'rejected', code: 'group-dissolved' });
    expect(eventsOf(round.w, 'PacketCancelled')).toHaveLength(1);
    expect(moneyIn(round.w)).toMatchObject({ deposited: 5_000, inWallets: 5_000, inPackets: 0, underWay: 0 });
  });

  it('a cancelled packet stays so when its sender is let in again, whoever asks for it, and is not posted', async () => {
    const { w, answer } = await crashRound(readmitting);
    expect(answer).toMatchObject({ kind: 'rejected', code: 'conversation-not-found' });
    w.stores.checkpoints.kept.clear();
    w.stores.leases.held.clear();
    const startedOver = await w.start();
    startedOver.startProcessManagers();
    await w.runtime.advance(30_000);
    expect(eventsOf(w, 'PacketCancelled')).toHaveLength(1);
    expect(eventsOf(w, 'MessageSent')).toHaveLength(0);
    expect(moneyIn(w)).toMatchObject({ deposited: 5_000, inWallets: 5_000, inPackets: 0, underWay: 0 });
  });

  it('a notice is posted once, even when the follower has lost its checkpoint', async () => {
    const { w } = await crashRound(noticing);
    const before = eventsOf(w, 'NoticePosted').length;
    w.stores.checkpoints.kept.clear();
    w.stores.leases.held.clear();
    // Nor does it help to remember only the very last commands: the streams are searched.
    const again = await w.start({ bounds: { recentCommandsMin: 1, recentCommandsMax: 1 } });
    again.startProcessManagers();
    await w.runtime.advance(30_000);
    expect(eventsOf(w, 'NoticePosted')).toHaveLength(before);
  });
});

describe('registering', () => {
  it('leaves a user who can log in, with one account and one wallet, wherever it crashed', async () => {
    const undisturbed = world(7);
    await registered(await undisturbed.start(), 'alice');
    const appends = undisturbed.log.appends.length - 1; // without the epoch's
    for (const fault of everyPoint(appends, 'crash')) {
      const w = world(7);
      const dying = await w.start();
      w.log.faults.push(fault);
      const where = `${fault.at} ${fault.skip}`;
      registered(dying, 'alice').catch(() => undefined);
      await dying.mortal.died;
      dying.kill();

      const next = await w.start();
      next.startProcessManagers();
      await w.runtime.advance(30_000);
      const account = {
        username: 'Alice',
        password: 'alice-password',
        nickname: 'alice',
        deviceName: 'phone',
      };
      const again = await next.accounts.register(account);
      expect([again.kind, 'code' in again ? again.code : ''], where).toEqual(
        fault.at === 'before-append' && fault.skip === 0 ? ['accepted', ''] : ['rejected', 'username-taken'],
      );
      expect(await next.accounts.logIn(account), where).toMatchObject({ kind: 'accepted' });
      for (const type of ['UsernameClaimed', 'AccountRegistered', 'WalletOpened']) {
        expect(eventsOf(w, type), where).toHaveLength(1);
      }
      await w.runtime.settle(next.close());
    }
  });
});

/** An older copy of the log under stores that have seen more of it. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { AggregateLoader } from '../../src/commands/aggregate-loader.ts';
import type { RecordedEvent } from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import { accountDecider } from '../../src/domain/account/account-decider.ts';
import { usernameDecider } from '../../src/domain/account/username-decider.ts';
import { conversationDecider } from '../../src/domain/conversation/conversation-decider.ts';
import type { Decider } from '../../src/domain/decider.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { friendshipDecider } from '../../src/domain/friendship/friendship-decider.ts';
import { groupDecider } from '../../src/domain/group/group-decider.ts';
import { packetDecider } from '../../src/domain/packet/packet-decider.ts';
import { walletDecider } from '../../src/domain/wallet/wallet-decider.ts';
import { InMemoryEventLog } from '../support/in-memory-event-log.ts';
import type { World } from './support/write-side-world.ts';
import {
  ask,
  befriended,
  done,
  messageId,
  packetRequest,
  registered,
  text,
  world,
} from './support/write-side-world.ts';

/** A log with these events; the positions are those of any log that began with them. */
async function logWith(events: readonly RecordedEvent[]): Promise<InMemoryEventLog> {
  const log = new InMemoryEventLog();
  for (const event of events) await log.append(event.stream, 'any', [event]);
  expect(log.events.map(({ position }) => position)).toEqual(events.map(({ position }) => position));
  return log;
}

const epochsIn = (log: InMemoryEventLog) => log.events.filter(({ type }) => type === 'EpochBegun');

/** Friends, a group, messages, a packet with one grab that is credited, and everything in its checkpoints. */
async function story() {
  const w = world();
  const side = await w.start({ bounds: { snapshotEveryEvents: 1 } });
  side.startProcessManagers();
  const alice = await registered(side, 'alice');
  const bob = await registered(side, 'bob');
  const chat = await befriended(w, side, alice, bob);
  const family = await done(w, side, alice, 'createGroup', { name: 'family', memberIds: [bob.userId] });
  await done(w, side, alice, 'deposit', { amountFen: 5_000, providerRef: 'top-up' });
  const { packetId } = await done(w, side, alice, 'sendPacket', packetRequest(family.conversationId));
  await done(w, side, bob, 'grabPacket', { packetId });
  await w.runtime.advance(2_000);
  await done(w, side, bob, 'sendMessage', {
    conversationId: chat,
    clientMsgId: messageId('m1'),
    content: text('thanks'),
  });
  await w.runtime.advance(2_000);
  await w.runtime.settle(side.close());
  return { w, epoch: side.epoch, alice, bob, chat, packetId };
}

/** The story's log as it was before the first event of this type. */
async function logBefore({ log }: World, type: string): Promise<InMemoryEventLog> {
  const index = log.events.findIndex((event) => event.type === type);
  expect(index).toBeGreaterThan(0);
  return logWith(log.events.slice(0, index));
}

describe('a write side on a log that is older than it was', () => {
  it('begins a new epoch before anything else is appended, and only one process does', async () => {
    const { w, epoch } = await story();
    const older = await logBefore(w, 'GrabCredited');
    const { length } = older.events;
    const sides = await Promise.all([0, 1, 2].map(() => w.start({ eventLog: older })));
    expect(older.events).toHaveLength(length + 1);
    expect(older.events.at(-1)).toMatchObject({ type: 'EpochBegun', stream: 'log-epoch', revision: 1 });
    const epochs = new Set(sides.map((side) => side.epoch));
    expect(epochs.size).toBe(1);
    expect(epochs).not.toContain(epoch);
    // And it stays, however often it is started.
    expect((await w.start({ eventLog: older })).epoch).toBe(sides[0]?.epoch);
  });

  it('begins none when the log has everything that was seen', async () => {
    const { w, epoch } = await story();
    for (let start = 0; start < 3; start += 1) expect((await w.start()).epoch).toBe(epoch);
    expect(epochsIn(w.log)).toHaveLength(1);
  });

  it('credits a grab whose credit is lost, and no other a second time', async () => {
    const { w, bob } = await story();
    const older = await logBefore(w, 'GrabCredited');
    const side = await w.start({ eventLog: older });
    side.startProcessManagers();
    await w.runtime.advance(10_000);
    const credits = older.events.filter(({ type }) => type === 'GrabCredited');
    expect(credits.map(({ stream }) => stream)).toEqual([`wallet-${bob.userId}`]);
    await w.runtime.settle(side.close());
  });

  it('neither refunds a packet that the log does not have, nor appends anything for it', async () => {
    const { w, packetId } = await story();
    const older = await logBefore(w, 'PacketSent');
    const side = await w.start({ eventLog: older });
    const { length } = older.events;
    await w.runtime.advance(3_600_000);
    expect(await side.refunds.refundPacket(packetId)).toMatchObject({ kind: 'retry', cause: 'unavailable' });
    expect(older.events).toHaveLength(length);
  });

  it('has a lost command done that is sent again', async () => {
    const { w, bob, chat } = await story();
    const older = await logBefore(w, 'MessageSent');
    const side = await w.start({ eventLog: older });
    const message = { conversationId: chat, clientMsgId: messageId('m1'), content: text('thanks') };
    const sent = await ask(w, side, bob, 'sendMessage', message, { retry: true });
    expect(sent).toMatchObject({ kind: 'accepted' });
    expect(older.events.at(-1)).toMatchObject({ type: 'MessageSent', stream: `conversation-${chat}` });
  });
});

type AnyDecider = Decider<unknown, never, DomainEvent>;
const deciders = Object.entries({
  username: usernameDecider,
  account: accountDecider,
  friendship: friendshipDecider,
  group: groupDecider,
  conversation: conversationDecider,
  wallet: walletDecider,
  packet: packetDecider,
}) as [string, unknown][] as [string, AnyDecider][];

describe('the snapshots of the lost part', () => {
  /** What is loaded of each stream that has a snapshot, with snapshots and without. */
  async function loaded(w: World, log: InMemoryEventLog, epoch: string, prefix: string, decider: AnyDecider) {
    const loader = (snapshots: World['stores']['snapshots']) =>
      new AggregateLoader({
        eventLog: log,
        snapshots,
        epoch,
        logger: pino({ level: 'silent' }),
        bounds: limits.commands,
      });
    const none = { ...w.stores.snapshots, load: async () => undefined };
    const streams = [...w.stores.snapshots.kept.keys()].filter((stream) => stream.startsWith(`${prefix}-`));
    const seen = async (stream: string, snapshots: World['stores']['snapshots']) => {
      let isFolded = false;
      const spied = {
        ...decider,
        fromSnapshot: (json: unknown) => {
          isFolded = true;
          return decider.fromSnapshot(json);
        },
      };
      const { state, revision, lastEventId, recent } = await loader(snapshots).load(stream, spied);
      return {
        isFolded,
        what: { state: decider.toSnapshot(state), revision, lastEventId, ...recent.toJson() },
      };
    };
    return Promise.all(
      streams.map(async (stream) => ({
        stream,
        withSnapshot: await seen(stream, w.stores.snapshots),
        without: await seen(stream, none),
      })),
    );
  }

  it.each(deciders)('of %s are used while the log has their events', async (prefix, decider) => {
    const { w, epoch } = await story();
    const all = await loaded(w, w.log, epoch, prefix, decider);
    expect(all).not.toEqual([]);
    for (const { withSnapshot, without } of all) {
      expect(withSnapshot.isFolded).toBe(true);
      expect(withSnapshot.what).toEqual(without.what);
    }
  });

  it.each(deciders)('of %s are not even looked into in another epoch', async (prefix, decider) => {
    const { w } = await story();
    for (const { withSnapshot } of await loaded(w, w.log, w.runtime.ids.next(), prefix, decider)) {
      expect(withSnapshot.isFolded).toBe(false);
    }
  });

  it.each(deciders)(
    'of %s are refused in the same epoch, too, when their last event is gone',
    async (prefix, decider) => {
      const { w, epoch } = await story();
      const own = w.log.events.findIndex(({ stream }) => stream.startsWith(`${prefix}-`));
      const older = await logWith(w.log.events.slice(0, own));
      for (const { without, withSnapshot } of await loaded(w, older, epoch, prefix, decider)) {
        expect(withSnapshot.what).toEqual(without.what);
        expect(withSnapshot.what.revision).toBe(-1);
      }
    },
  );

  it.each(deciders)(
    'of %s are refused when others have come in the place of their events',
    async (prefix, decider) => {
      const { w, epoch } = await story();
      // As if everybody had done the same again: the same states and revisions, and none of the same events.
      const again = w.log.events.map((event) => ({
        ...event,
        id: w.runtime.ids.next(),
        metadata: { ...event.metadata, commandId: w.runtime.ids.next() },
      }));
      for (const { without, withSnapshot } of await loaded(w, await logWith(again), epoch, prefix, decider)) {
        expect(withSnapshot.what).toEqual(without.what);
        expect(withSnapshot.what.revision).toBeGreaterThanOrEqual(0);
      }
    },
  );
});

import { describe, expect, it } from 'vitest';
import type { EventLog } from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import type { GroupId, UserId } from '../../src/domain/ids.ts';
import { groupConversationId } from '../../src/domain/ids.ts';
import type { World } from './support/write-side-world.ts';
import { ask, done, messageId, registered, text, world } from './support/write-side-world.ts';

const atOnceMax = limits.commands.preconditionReadsAtOnceMax;

/** A process with an empty cache whose reads of the log and of snapshots are counted, and take their time. */
async function countedProcess(w: World) {
  const count = { reads: 0, snapshots: 0, open: 0, most: 0 };
  const { readStream } = w.log;
  const eventLog: EventLog = {
    append: w.log.append.bind(w.log),
    readAll: w.log.readAll.bind(w.log),
    subscribe: w.log.subscribe.bind(w.log),
    head: w.log.head.bind(w.log),
    close: w.log.close.bind(w.log),
    async *readStream(stream, options) {
      count.reads += 1;
      count.open += 1;
      count.most = Math.max(count.most, count.open);
      try {
        await w.runtime.timers.sleep(1);
        yield* readStream.call(w.log, stream, options);
      } finally {
        count.open -= 1;
      }
    },
  };
  const snapshots = {
    ...w.stores.snapshots,
    load: async (stream: string) => {
      count.snapshots += 1;
      return w.stores.snapshots.load(stream);
    },
  };
  const side = await w.runtime.settle(w.start({ eventLog, stores: { ...w.stores, snapshots } }));
  count.reads = 0;
  return { side, count };
}

const strangers = (w: World) => Array.from({ length: 500 }, () => w.runtime.ids.next() as UserId);

describe('one frame costs few reads', () => {
  it('when it invites 500 strangers into a group that there is not', async () => {
    const w = world();
    const alice = await registered(await w.start(), 'alice');
    const { side, count } = await countedProcess(w);
    const groupId = w.runtime.ids.next() as GroupId;
    expect(await ask(w, side, alice, 'inviteMembers', { groupId, userIds: strangers(w) })).toMatchObject({
      code: 'group-not-found',
    });
    // The account; the group as it is, as it is now, and by its mailbox.
    expect(count).toMatchObject({ reads: 4, snapshots: 2 });
  });

  it('when it names 500 strangers in a group of its own, or in a new one', async () => {
    const w = world();
    const first = await w.start();
    const alice = await registered(first, 'alice');
    const { groupId } = await done(w, first, alice, 'createGroup', { name: 'g', memberIds: [] });
    for (const type of ['inviteMembers', 'createGroup'] as const) {
      const { side, count } = await countedProcess(w);
      const outcome =
        type === 'inviteMembers'
          ? await ask(w, side, alice, type, { groupId, userIds: strangers(w) })
          : await ask(w, side, alice, type, { name: 'h', memberIds: strangers(w) });
      expect(outcome).toMatchObject({ code: 'not-found' });
      // Those under way at the first refusal, twice each: a refusal is looked at again.
      expect(count.reads).toBeLessThanOrEqual(2 * atOnceMax + 4);
      expect(count.most).toBeLessThanOrEqual(atOnceMax);
    }
  });

  it('when it names a friend twice in a new group: none of them is looked up', async () => {
    const w = world();
    const first = await w.start();
    const alice = await registered(first, 'alice');
    const { side, count } = await countedProcess(w);
    const [stranger] = strangers(w);
    const memberIds = [stranger!, stranger!];
    expect(await ask(w, side, alice, 'createGroup', { name: 'h', memberIds })).toMatchObject({
      code: 'already-member',
    });
    // The account and the group's own stream.
    expect(count.reads).toBe(2);
  });

  it('when it acknowledges 200 conversations of others, and reads those of its own a few at a time', async () => {
    const w = world();
    const first = await w.start();
    const alice = await registered(first, 'alice');
    const foreign = strangers(w)
      .slice(0, 200)
      .map((id) => groupConversationId(id as string as GroupId));
    const cursor = { delivered: 1, read: 1 };
    const refused = await countedProcess(w);
    const cursors = foreign.map((conversationId) => ({ conversationId, ...cursor }));
    expect(await ask(w, refused.side, alice, 'ack', { cursors })).toMatchObject({
      code: 'conversation-not-found',
    });
    expect(refused.count.reads).toBeLessThanOrEqual(2 * atOnceMax + 1);

    const own = [];
    for (let n = 0; n < 40; n += 1) {
      const { conversationId } = await done(w, first, alice, 'createGroup', { name: `g${n}`, memberIds: [] });
      await done(w, first, alice, 'sendMessage', {
        conversationId,
        clientMsgId: messageId('m'),
        content: text('x'),
      });
      own.push({ conversationId, ...cursor });
    }
    const { side, count } = await countedProcess(w);
    expect(await ask(w, side, alice, 'ack', { cursors: own })).toMatchObject({ kind: 'accepted' });
    expect(count.most).toBe(atOnceMax);
  });
});

describe('an invitation that was accepted', () => {
  it('gets its answer again, although everyone in it is a member by now', async () => {
    const w = world();
    const side = await w.start();
    const alice = await registered(side, 'alice');
    const bob = await registered(side, 'bob');
    const { groupId } = await done(w, side, alice, 'createGroup', { name: 'g', memberIds: [] });
    const commandId = w.runtime.ids.next();
    const request = { groupId, userIds: [bob.userId] };
    await done(w, side, alice, 'inviteMembers', request, { commandId });
    expect(await ask(w, side, alice, 'inviteMembers', request, { commandId })).toMatchObject({
      kind: 'accepted',
    });
    expect(await ask(w, side, alice, 'inviteMembers', request)).toMatchObject({ code: 'already-member' });
  });
});

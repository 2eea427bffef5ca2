import { describe, expect, it } from 'vitest';
import { limits } from '../../src/config/limits.ts';
import { groupConversationId } from '../../src/domain/ids.ts';
import type { ReadSide } from '../../src/gateway/read-side.ts';
import { missedItems } from '../../src/gateway/socket/missed-items.ts';
import type { InboxRow } from '../../src/projections/queries/inbox-queries.ts';
import { conversationOf, fakeBackEnd } from './support/fake-back-end.ts';

/** What a client that was away is told, where its cursors do not say it all. */
describe('after a hello', () => {
  const backEnd = fakeBackEnd();
  const [alice, bob] = [backEnd.addUser('alice'), backEnd.addUser('bob')];
  const open = async () => JSON.stringify({ kind: 'text', text: 'hello' });

  const missedBy = async (reads: ReadSide, cursors: Record<string, number> = {}) =>
    (await missedItems(bob.userId, cursors, reads, open)).map((frame) => JSON.parse(String(frame)));

  /** Bob's inbox, told what a row says besides. */
  const inboxWith = (told: Partial<InboxRow>, next: boolean): ReadSide => ({
    ...backEnd.deps.reads,
    async inbox(user, page) {
      const { rows } = await backEnd.deps.reads.inbox(user, page);
      const last = rows.at(-1);
      const all = { rows: rows.map((row) => ({ ...row, ...told })) };
      return next && last !== undefined ? { ...all, next: last } : all;
    },
  });

  it('someone who was invited meanwhile hears of it, not of all that was said before', async () => {
    const chat = groupConversationId(backEnd.addGroup('Team', alice, [bob]));
    const startSeq = limits.gateway.missedPerConversationMax + 50;
    for (let seq = 1; seq <= startSeq + 1; seq++) backEnd.write(chat, alice.userId, 'x', { publish: false });
    const missed = await missedBy(inboxWith({ startSeq }, false));
    expect(missed.map(({ type, data }) => [type, data.seq])).toEqual([
      ['message', startSeq],
      ['message', startSeq + 1],
    ]);
    // Who has read further than that goes on from there.
    expect(await missedBy(inboxWith({ startSeq, read: startSeq }, false))).toHaveLength(1);
  });

  it('with more conversations than are looked at, a client is told to look for itself, whichever it named', async () => {
    const chat = conversationOf(alice, bob);
    backEnd.write(chat, alice.userId, 'one', { publish: false });
    const everything = { type: 'resync', data: { conversationId: null, from: null } };
    expect(await missedBy(inboxWith({}, true), { [chat]: 1 })).toContainEqual(everything);
    expect(await missedBy(inboxWith({}, false), { [chat]: 1 })).not.toContainEqual(everything);
  });
});

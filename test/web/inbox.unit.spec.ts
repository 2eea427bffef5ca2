import { describe, expect, it } from 'vitest';
import type { ConversationId } from '../../src/domain/ids.ts';
import type { InboxEntryView } from '../../src/protocol/views/message-views.ts';
import { foldInbox, markInboxRead, mergeInbox } from '../../web/src/session/fold-inbox.ts';
import { conversationId, me, recallAt, textAt } from './messages.ts';

const entry = (changes: Partial<InboxEntryView> = {}): InboxEntryView => ({
  conversationId,
  peer: null,
  groupName: null,
  headSeq: 3,
  lastActivityMs: 3000,
  lastMessage: textAt(3),
  delivered: 3,
  read: 3,
  unread: 0,
  ...changes,
});
const other = entry({
  conversationId: 'group:01890a5d-ac96-774b-bcce-000000000009' as ConversationId,
  lastActivityMs: 9000,
});

describe('the inbox after a new item', () => {
  it('has its conversation first, with the item as the last word and one more unread', () => {
    const [first, second] = foldInbox([other, entry()], textAt(4), me) ?? [];
    expect(first).toMatchObject({ conversationId, headSeq: 4, unread: 1, lastMessage: { text: 'text 4' } });
    expect(second).toBe(other);
  });

  it('does not count what this user wrote, nor a repetition', () => {
    expect(foldInbox([entry()], textAt(4, 'mine', me), me)?.[0]).toMatchObject({ headSeq: 4, unread: 0 });
    const inbox = [entry()];
    expect(foldInbox(inbox, textAt(3), me)).toBe(inbox);
  });

  it('stays in order for a recall, and forgets the content when that was the last word', () => {
    const [first, second] = foldInbox([other, entry()], recallAt(4, 3), me) ?? [];
    expect(first).toBe(other);
    expect(second).toMatchObject({ headSeq: 4, unread: 0, lastMessage: { kind: 'recalled', seq: 3 } });
  });

  it('has to be asked for again when the conversation is new', () => {
    expect(foldInbox([other], textAt(1), me)).toBeUndefined();
  });
});

describe('the inbox after a read', () => {
  it('is newest first', () => {
    expect(mergeInbox([], [entry(), other])).toEqual([other, entry()]);
  });

  it('keeps what updates have brought meanwhile, and what this user has read meanwhile', () => {
    const newer = entry({ headSeq: 4, unread: 1 });
    expect(mergeInbox([newer], [entry()])).toEqual([newer]);
    const read = entry({ headSeq: 4, read: 4 });
    expect(mergeInbox([read], [entry({ headSeq: 4, unread: 1 })])).toEqual([read]);
  });

  it('drops the conversations that the read does not have any more', () => {
    expect(mergeInbox([entry(), other], [other])).toEqual([other]);
  });
});

describe('reading a conversation', () => {
  it('clears what is unread up to there only', () => {
    const waiting = entry({ headSeq: 5, read: 3, unread: 2 });
    expect(markInboxRead([waiting], conversationId, 5)[0]).toMatchObject({ read: 5, unread: 0 });
    expect(markInboxRead([waiting], conversationId, 4)[0]).toMatchObject({ read: 4, unread: 2 });
  });

  it('never goes back', () => {
    expect(markInboxRead([entry({ unread: 1 })], conversationId, 1)[0]).toMatchObject({ read: 3 });
  });
});

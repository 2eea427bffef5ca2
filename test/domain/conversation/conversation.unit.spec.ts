import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConversationCommand } from '../../../src/domain/conversation/conversation-commands.ts';
import { conversationDecider, sentSeq } from '../../../src/domain/conversation/conversation-decider.ts';
import type { ConversationEvent } from '../../../src/domain/conversation/conversation-events.ts';
import { domainLimits } from '../../../src/domain/domain-limits.ts';
import type { UserId } from '../../../src/domain/ids.ts';
import {
  alice,
  bob,
  carol,
  clientMsgId,
  groupChat,
  packetId,
  sealed,
} from '../../support/domain-fixtures.ts';
import { specification, startMs } from '../../support/given-when-then.ts';

const { recallWindowMs, recentMessagesKept, recentMessagesMax } = domainLimits.conversation;
const body = sealed('hello');
const send = (by: UserId, message: number): Extract<ConversationCommand, { type: 'SendMessage' }> => ({
  type: 'SendMessage',
  conversationId: groupChat,
  by,
  clientMsgId: clientMsgId(message),
  kind: 'text',
  body,
  packetId: null,
});
const sent = (senderId: UserId, message: number, messageNo: number): ConversationEvent => ({
  type: 'MessageSent',
  data: {
    conversationId: groupChat,
    senderId,
    clientMsgId: clientMsgId(message),
    messageNo,
    kind: 'text',
    body,
    packetId: null,
  },
});
const recall = (by: UserId, seq: number): ConversationCommand => ({
  type: 'RecallMessage',
  conversationId: groupChat,
  by,
  seq,
});
const recalled = (by: UserId, seq: number): ConversationEvent => ({
  type: 'MessageRecalled',
  data: { conversationId: groupChat, seq, by },
});
const notice: ConversationEvent = {
  type: 'NoticePosted',
  data: { conversationId: groupChat, notice: { kind: 'group-renamed', by: bob } },
};
const sentMany = (count: number, firstNo = 1) =>
  Array.from({ length: count }, (_, index) => sent(alice, firstNo + index, firstNo + index));

const empty = specification(conversationDecider);

describe('sending', () => {
  it('numbers the messages, and notices and recalls not', () => {
    empty
      .when(send(alice, 1))
      .then([sent(alice, 1, 1)])
      .given([notice, recalled(alice, 1)])
      .when(send(bob, 1))
      .then([sent(bob, 1, 2)]);
  });

  it('the same message again, by its sender and id, puts nothing there and says where it stands', () => {
    const history = empty.given([notice, sent(alice, 7, 1), sent(bob, 7, 2)]);
    history.when(send(alice, 7)).thenNothing();
    expect(sentSeq(history.state, alice, clientMsgId(7))).toBe(2);
    expect(sentSeq(history.state, bob, clientMsgId(7))).toBe(3);
    expect(sentSeq(history.state, carol, clientMsgId(7))).toBeUndefined();
  });

  it('a message that was recalled is still known', () => {
    empty
      .given([sent(alice, 1, 1), recalled(alice, 1)])
      .when(send(alice, 1))
      .thenNothing();
  });

  it('names a packet exactly when it is one', () => {
    const packet = { ...send(alice, 1), kind: 'packet', packetId: packetId(1) } as const;
    empty.when(packet).thenAccepted();
    empty.when({ ...packet, packetId: null }).thenRejected('bad-request');
    empty.when({ ...packet, kind: 'text' }).thenRejected('bad-request');
  });

  it('is remembered for the latest messages, and with it what it costs to remember', () => {
    const later = startMs + recallWindowMs + 1;
    const history = empty.given(sentMany(5)).given(sentMany(recentMessagesKept, 6), later);
    expect(history.state.recent.size).toBe(recentMessagesKept);
    expect(history.state.seqBySentKey.size).toBe(recentMessagesKept);
    history.when(send(alice, 6)).thenNothing();
    history.when(send(alice, 5)).thenAccepted();
  });
});

describe('notices', () => {
  it('are posted as they come', () => {
    empty
      .when({ type: 'PostNotice', conversationId: groupChat, notice: { kind: 'group-renamed', by: bob } })
      .then([notice]);
  });
});

describe('recalling', () => {
  const history = empty.given([notice, sent(alice, 1, 1)]);

  it('is for the sender, once', () => {
    history
      .when(recall(alice, 2))
      .then([recalled(alice, 2)])
      .when(recall(alice, 2))
      .thenRejected('already-recalled');
    history.when(recall(bob, 2)).thenRejected('forbidden');
  });

  it('is possible for two minutes', () => {
    history.when(recall(alice, 2), startMs + recallWindowMs).then([recalled(alice, 2)]);
    history.when(recall(alice, 2), startMs + recallWindowMs + 1).thenRejected('recall-too-late');
  });

  it('is of messages only', () => {
    for (const seq of [1, 3, 0, -1, 1.5, Number.NaN, Number.MAX_SAFE_INTEGER]) {
      history.when(recall(alice, seq)).thenRejected('message-not-found');
    }
  });

  it('is too late for what has left the window', () => {
    const later = startMs + recallWindowMs + 1;
    const long = empty.given(sentMany(5)).given(sentMany(recentMessagesKept, 6), later);
    long.when(recall(alice, 5)).thenRejected('recall-too-late');
    long.when(recall(alice, 6)).thenAccepted();
  });

  it('reaches back two minutes in a busy conversation too, up to a bound', () => {
    const busy = empty.given(sentMany(recentMessagesMax));
    expect(busy.state.recent.size).toBe(recentMessagesMax);
    busy.when(recall(alice, 1)).thenAccepted();
    const over = busy.given([sent(alice, recentMessagesMax + 1, recentMessagesMax + 1)]);
    expect(over.state.recent.size).toBe(recentMessagesMax);
    over.when(recall(alice, 1)).thenRejected('recall-too-late');
  });
});

describe('any conversation', () => {
  const step = fc.record({
    what: fc.constantFrom('send', 'send', 'send', 'notice', 'recall'),
    by: fc.constantFrom(alice, bob, carol),
    message: fc.integer({ min: 1, max: 12 }),
    passesMs: fc.integer({ min: 0, max: recallWindowMs }),
  });

  it('has each message once, numbered without a gap, and recalls one at most once', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let history = empty;
        let nowMs = startMs;
        const log: ConversationEvent[] = [];
        for (const { what, by, message, passesMs } of steps) {
          nowMs += passesMs;
          const post: ConversationCommand = {
            type: 'PostNotice',
            conversationId: groupChat,
            notice: { kind: 'group-renamed', by },
          };
          const command =
            what === 'send' ? send(by, message) : what === 'recall' ? recall(by, message) : post;
          const context = { nowMs, nextRevision: log.length };
          const decision = conversationDecider.decide(command, history.state, context);
          const events = decision.kind === 'accepted' ? decision.events : [];
          log.push(...events);
          history = history.given(events, nowMs);
        }
        const messages = log.flatMap((event) => (event.type === 'MessageSent' ? [event.data] : []));
        expect(messages.map((message) => message.messageNo)).toEqual(messages.map((_, index) => index + 1));
        expect(new Set(messages.map((message) => message.senderId + message.clientMsgId)).size).toBe(
          messages.length,
        );
        const recalls = log.flatMap((event) => (event.type === 'MessageRecalled' ? [event.data.seq] : []));
        expect(new Set(recalls).size).toBe(recalls.length);
        for (const seq of recalls) expect(log[seq - 1]?.type).toBe('MessageSent');
      }),
    );
  });
});

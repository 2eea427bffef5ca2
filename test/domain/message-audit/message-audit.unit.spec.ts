import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditLog } from '../../../src/cli/commands/audit/audit-log.ts';
import type { RecordedEvent } from '../../../src/commands/event-log.ts';
import { domainLimits } from '../../../src/domain/domain-limits.ts';
import type { ConversationId } from '../../../src/domain/ids.ts';
import { createMessageAudit } from '../../../src/domain/message-audit/message-audit.ts';
import type { MessageRule } from '../../../src/domain/message-audit/message-rules.ts';
import { streams } from '../../../src/domain/streams.ts';
import { alice, bob, carol, clientMsgId, dave, groupChat, packetId } from '../../support/domain-fixtures.ts';
import { startMs } from '../../support/given-when-then.ts';
import { InMemoryEventLog } from '../../support/in-memory-event-log.ts';
import { fixedSteps, HistoryWriter, historySteps } from '../../support/random-history.ts';
import { type Planted, recordedEvents, recordedLog } from '../../support/recorded-log.ts';
import { virtualRuntime } from '../../support/virtual-runtime.ts';
import {
  acknowledged,
  becameFriends,
  blocked,
  conversation,
  dissolved,
  groupMade,
  honest,
  joined,
  left,
  notice,
  packetSent,
  packetShown,
  parted,
  recalled,
  receipts,
  sent,
  terms,
  unblocked,
} from './message-history.ts';

const { clock } = virtualRuntime();
const { recallWindowMs } = domainLimits.conversation;
const { permissionWithinMs } = domainLimits.audit;

/** The message rules that are broken and where, in log order. */
async function foundIn(events: readonly RecordedEvent[]): Promise<readonly string[]> {
  const { violations } = await auditLog(recordedLog(events), clock);
  return violations
    .filter(({ rule }) => typeof rule === 'string')
    .map(({ rule, position, stream }) => `${rule} at ${position} in ${stream}`);
}

const found = (steps: readonly Planted[]) => foundIn(recordedEvents(steps));

/** That the last step breaks this rule, and nothing else is broken. */
async function expectFound(rule: MessageRule, steps: readonly Planted[]): Promise<void> {
  expect(await found(steps.slice(0, -1))).toEqual([]);
  const position = (steps.length - 1) * 10;
  expect(await found(steps)).toEqual([`${rule} at ${position} in ${steps.at(-1)?.stream}`]);
}

const other = 'group:01890a5d-ac96-774b-bcce-000000000099' as ConversationId;
const twoTexts = [becameFriends, sent(1), sent(2)];
const inGroup = { conversationId: groupChat };
const strayNotice: Planted = {
  stream: 'conversation-x',
  event: {
    type: 'NoticePosted',
    data: { conversationId: 'x' as ConversationId, notice: { kind: 'friends-now', by: bob } },
  },
};

describe('an honest history', () => {
  it('breaks no rule', async () => {
    expect(await found(honest)).toEqual([]);
  });

  it.each<[string, readonly Planted[]]>([
    [
      'a cursor behind an earlier one, which takes nothing back',
      [...twoTexts, acknowledged(2, 2), acknowledged(1, 0)],
    ],
    [
      'one clientMsgId of two senders',
      [...twoTexts, sent(3, { senderId: bob, clientMsgId: clientMsgId(1) })],
    ],
    ['one clientMsgId in two conversations', [...twoTexts, groupMade, sent(1, inGroup)]],
    ['a recall in the last moment', [...twoTexts, recalled(1, alice, startMs + recallWindowMs)]],
    [
      'a message of one who was removed a moment ago: a permission may be as old as that',
      [becameFriends, parted(), sent(1, { timeMs: startMs + permissionWithinMs })],
    ],
    ['a message after an unblocking', [becameFriends, blocked(bob, alice), unblocked(bob, alice), sent(1)]],
    [
      'a message of one who came back',
      [groupMade, left(bob), joined(bob), sent(1, { ...inGroup, senderId: bob })],
    ],
    [
      'acknowledgements and recalls in what has ended, long after',
      [
        ...twoTexts,
        groupMade,
        sent(1, inGroup),
        parted(),
        dissolved(),
        acknowledged(2, 2, bob, { timeMs: startMs + 1e9 }),
        acknowledged(1, 1, bob, { ...inGroup, timeMs: startMs + 1e9 }),
        recalled(1),
      ],
    ],
  ])('may have %s', async (_what, steps) => {
    expect(await found(steps)).toEqual([]);
  });
});

describe('a planted violation is found where it is, and nothing else: rule', () => {
  const { senderId } = terms;
  it.each<[MessageRule, string, readonly Planted[]]>([
    ['M1', 'a seq is left out', [...twoTexts, { ...sent(3), revision: 3 }]],
    ['M1', 'a seq is there twice', [...twoTexts, { ...sent(3), revision: 1 }]],
    ['M1', 'a conversation does not begin at 1', [becameFriends, { ...sent(1), revision: 1 }]],
    [
      'M1',
      'a message stands in the stream of another',
      [...twoTexts, groupMade, { ...sent(1), stream: streams.conversation(groupChat) }],
    ],
    ['M1', 'a message stands in no conversation', [...twoTexts, { ...sent(3), stream: receipts }]],
    [
      'M1',
      'something else stands in a conversation',
      [...twoTexts, { ...joined(carol), stream: conversation }],
    ],
    ['M1', 'a conversation has a name that cannot be', [strayNotice]],
    ['M2', 'a number is left out', [...twoTexts, sent(4)]],
    ['M2', 'a number is given twice', [...twoTexts, sent(2, { clientMsgId: clientMsgId(9) })]],
    ['M2', 'a notice was counted', [becameFriends, notice, sent(2)]],
    ['M3', 'a message is there twice', [...twoTexts, sent(3, { clientMsgId: clientMsgId(1) })]],
    ['M4', 'a message of another is recalled', [...twoTexts, recalled(1, bob)]],
    ['M4', 'a message is recalled twice', [...twoTexts, recalled(1), recalled(1)]],
    ['M4', 'a message is recalled too late', [...twoTexts, recalled(1, alice, startMs + recallWindowMs + 1)]],
    ['M4', 'a notice is recalled', [becameFriends, notice, recalled(1, bob)]],
    ['M4', 'what comes later is recalled', [...twoTexts, recalled(4)]],
    ['M4', 'a recall is recalled', [...twoTexts, recalled(1), recalled(3)]],
    ['M4', 'seq 0 is recalled', [...twoTexts, recalled(0)]],
    ['M5', 'more is read than was said', [...twoTexts, acknowledged(3, 3)]],
    ['M5', 'more is delivered than was said', [...twoTexts, acknowledged(3, 1)]],
    ['M5', 'more is read than was delivered', [...twoTexts, acknowledged(1, 2)]],
    ['M5', 'a conversation that does not exist is read', [groupMade, acknowledged(1, 1, bob, inGroup)]],
    ['M5', 'a cursor is between two seqs', [...twoTexts, acknowledged(1.5, 1)]],
    ['M5', 'a cursor is before the start', [...twoTexts, acknowledged(1, -1)]],
    ['M6', 'strangers write to each other', [sent(1)]],
    ['M6', 'a third person writes to two', [...twoTexts, sent(3, { senderId: carol })]],
    [
      'M6',
      'those write who are friends no more',
      [becameFriends, parted(), sent(1, { timeMs: startMs + permissionWithinMs + 1 })],
    ],
    [
      'M6',
      'one writes who is blocked',
      [becameFriends, blocked(bob, alice), sent(1, { timeMs: startMs + permissionWithinMs + 1 })],
    ],
    [
      'M6',
      'one writes whom the other of two has not unblocked',
      [
        becameFriends,
        blocked(bob, alice),
        blocked(alice, bob),
        unblocked(bob, alice),
        sent(1, { timeMs: startMs + permissionWithinMs + 1 }),
      ],
    ],
    ['M6', 'one writes who is not in the group', [groupMade, sent(1, { ...inGroup, senderId: dave })]],
    [
      'M6',
      'one writes whom nobody let in, whoever else was',
      [groupMade, joined(dave), sent(1, { ...inGroup, senderId: carol })],
    ],
    [
      'M6',
      'one writes who has left',
      [
        groupMade,
        left(bob),
        sent(1, { ...inGroup, senderId: bob, timeMs: startMs + permissionWithinMs + 1 }),
      ],
    ],
    [
      'M6',
      'one writes into a dissolved group',
      [groupMade, dissolved(), sent(1, { ...inGroup, timeMs: startMs + permissionWithinMs + 1 })],
    ],
    ['M6', 'one writes into a group that is not', [sent(1, { conversationId: other })]],
    ['M6', 'a third person acknowledges', [...twoTexts, acknowledged(1, 1, carol)]],
    [
      'M6',
      'one acknowledges who has left',
      [
        groupMade,
        sent(1, inGroup),
        left(bob),
        acknowledged(1, 1, bob, { ...inGroup, timeMs: startMs + permissionWithinMs + 1 }),
      ],
    ],
    [
      'M6',
      'one recalls who has left',
      [
        groupMade,
        sent(1, { ...inGroup, senderId: bob, timeMs: startMs + permissionWithinMs }),
        left(bob),
        recalled(1, bob, startMs + permissionWithinMs + 1, groupChat),
      ],
    ],
    ['M7', 'a packet is shown that was not sent', [becameFriends, packetShown(1)]],
    ['M7', 'a packet is shown twice', [becameFriends, packetSent, packetShown(1), packetShown(2)]],
    ['M7', 'a packet is shown elsewhere', [groupMade, packetSent, packetShown(1, inGroup)]],
    [
      'M7',
      'a packet is shown by another',
      [becameFriends, packetSent, packetShown(1, { senderId: senderId === alice ? bob : alice })],
    ],
    ['M7', 'a packet message names none', [becameFriends, packetSent, packetShown(1, { packetId: null })]],
    ['M7', 'a text names a packet', [becameFriends, packetSent, sent(1, { packetId: packetId(1) })]],
  ])('%s: %s', async (rule, _what, steps) => {
    await expectFound(rule, steps);
  });
});

describe('what came first', () => {
  it('is one finding, not one for every event after it', async () => {
    const steps = [...twoTexts, { ...sent(5), revision: 7 }, { ...sent(6), revision: 8 }];
    expect(await found(steps)).toEqual([`M1 at 30 in ${conversation}`, `M2 at 30 in ${conversation}`]);
  });

  it('decides, not the time that events of other streams have: whoever joins later was not in', async () => {
    const early = sent(1, { ...inGroup, senderId: carol, timeMs: startMs + 1 });
    expect(await found([groupMade, early, joined(carol)])).toEqual([
      `M6 at 10 in ${streams.conversation(groupChat)}`,
    ]);
  });
});

describe('a message that is not among the latest any more', () => {
  const audited = recordedEvents([...twoTexts, recalled(1)]).map(({ metadata, type, data, ...rest }) => ({
    ...rest,
    timeMs: metadata.timeMs,
    event: { type, data } as Planted['event'],
  }));

  it('is a suspect when it is recalled, and no violation before its stream was read', () => {
    const audit = createMessageAudit({ ...domainLimits.audit, latestMessagesMax: 1 });
    for (const event of audited) audit.add(event);
    expect(audit.violations()).toEqual([]);
    expect(audit.takeSuspects()).toMatchObject([{ kind: 'recall', seq: 1, revision: 2, position: 30n }]);
    expect(audit.suspectCount()).toBe(0);
  });

  it('is none while it is', () => {
    const audit = createMessageAudit({ ...domainLimits.audit, latestMessagesMax: 2 });
    for (const event of audited) audit.add(event);
    expect(audit.takeSuspects()).toEqual([]);
  });
});

describe('the list of violations', () => {
  it('says where and what, for people', async () => {
    const { violations } = await auditLog(
      recordedLog(recordedEvents([...twoTexts, sent(3, { clientMsgId: clientMsgId(2) })])),
      clock,
    );
    expect(violations).toEqual([
      {
        rule: 'M3',
        position: 30n,
        stream: conversation,
        detail: `User ${alice} sent the message with seq 2 with the same clientMsgId message-2`,
      },
    ]);
  });

  it('is bounded, and counted beyond', async () => {
    const { violationsMax } = domainLimits.audit;
    const beyond = Array.from({ length: violationsMax + 5 }, () => acknowledged(1, 1, carol));
    const report = await auditLog(recordedLog(recordedEvents([...twoTexts, ...beyond])), clock);
    expect(report.violations).toHaveLength(violationsMax);
    expect(report.violationCount).toBe(violationsMax + 5);
  });
});

describe('whatever happens by the rules', () => {
  /** What the deciders and the preconditions make of these steps. */
  async function history(steps: Parameters<HistoryWriter['play']>[0]): Promise<readonly RecordedEvent[]> {
    const log = new InMemoryEventLog();
    await new HistoryWriter(log, { withPreconditions: true }).play(steps);
    return log.events;
  }

  it('breaks none', async () => {
    await fc.assert(
      fc.asyncProperty(historySteps(200), async (steps) => {
        expect(await foundIn(await history(steps))).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('is worth looking at', async () => {
    const seen = new Set((await history(fixedSteps(2_000))).map(({ type }) => type));
    for (const type of ['MessageSent', 'MessageRecalled', 'NoticePosted', 'ReceiptsAdvanced', 'PacketSent'])
      expect(seen).toContain(type);
    for (const type of ['MemberLeft', 'MemberRemoved', 'FriendRemoved', 'UserBlocked', 'UserUnblocked'])
      expect(seen).toContain(type);
  });

  it('breaks M1 after any one event that is missing from a conversation, and M2 where it is a message', async () => {
    const events = await history(fixedSteps(1_000));
    const byStream = Map.groupBy(events, (event) => event.stream);
    const [stream, inConversation] = [...byStream]
      .filter(([name]) => name.startsWith('conversation-'))
      .reduce((one, next) => (next[1].length > one[1].length ? next : one));
    expect(inConversation.length).toBeGreaterThan(10);
    for (const missing of inConversation.slice(0, -1)) {
      const after = inConversation.filter(({ revision }) => revision > missing.revision);
      const nextMessage = after.find(({ type }) => type === 'MessageSent');
      const all = await foundIn(events.filter((event) => event !== missing));
      expect(all).toContain(`M1 at ${after[0]?.position} in ${stream}`);
      if (missing.type === 'MessageSent' && nextMessage !== undefined)
        expect(all).toContain(`M2 at ${nextMessage.position} in ${stream}`);
    }
  });
});

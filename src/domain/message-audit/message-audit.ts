import { domainLimits } from '../domain-limits.ts';
import type { EventOfType } from '../events.ts';
import type { AuditedEvent } from '../ledger/audited-event.ts';
import type { ReceiptCursor } from '../receipts/receipts-events.ts';
import { conversationIdOf } from '../streams.ts';
import type { ConversationHead } from './conversation-heads.ts';
import { ConversationHeads } from './conversation-heads.ts';
import { LatestMessages } from './latest-messages.ts';
import type { MessageViolation, ReportMessageViolation } from './message-rules.ts';
import { PacketMessages } from './packet-messages.ts';
import { Participants } from './participants.ts';
import { recallFault } from './recall-fault.ts';
import { SentIds } from './sent-ids.ts';
import type { Suspect } from './suspects.ts';
import { UserNames } from './user-names.ts';

export interface MessageAudit {
  /** The next event in log order. Events that are not about messages are passed over. */
  add(event: AuditedEvent): void;
  /** How many suspects wait to be looked at. */
  suspectCount(): number;
  /** Hands them out, to whoever can read a stream again (see `Suspect`). */
  takeSuspects(): readonly Suspect[];
  /** Takes a suspect that is a violation: what is wrong, in `detail`. */
  confirm(suspect: Suspect, detail: string): void;
  /** What was found, in log order; at most `violationsMax`. Suspects that were not confirmed are not in it. */
  violations(): readonly MessageViolation[];
  /** How many there were, the unlisted ones included. */
  violationCount(): number;
}

type AuditBounds = Pick<
  typeof domainLimits.audit,
  'permissionWithinMs' | 'latestMessagesMax' | 'violationsMax'
>;

/**
 * An auditor of the message rules, to be shown the log from its first event on. It knows nothing but the events,
 * and shares no code with what decided them but the names of ids and streams.
 *
 * Its memory grows with the conversations, the groups' members, the pairs and the packets without a message of the
 * log; of a message it keeps a hash (see `SentIds`).
 */
export function createMessageAudit(
  bounds: { readonly [Bound in keyof AuditBounds]: number } = domainLimits.audit,
): MessageAudit {
  const found: MessageViolation[] = [];
  let count = 0;
  let suspects: Suspect[] = [];
  const report: ReportMessageViolation = (rule, { position, stream }, detail) => {
    count += 1;
    if (found.length < bounds.violationsMax) found.push({ rule, position, stream, detail });
  };
  const latest = new LatestMessages(bounds.latestMessagesMax);
  const sentIds = new SentIds();
  const users = new UserNames();
  const participants = new Participants(users, bounds.permissionWithinMs);
  const heads = new ConversationHeads(participants, report);
  const packetMessages = new PacketMessages();

  const checkPart = (
    at: AuditedEvent,
    { party }: ConversationHead,
    userId: string,
    does: 'sends' | 'recalls' | 'acknowledges',
  ): void => {
    if (party === undefined) return;
    const refusal =
      does === 'sends'
        ? participants.sendRefusal(party, userId, at.timeMs)
        : participants.takePartRefusal(party, userId, at.timeMs);
    if (refusal !== undefined) report('M6', at, `User ${userId} ${does} at ${at.timeMs} ms, and ${refusal}`);
  };

  const sent = (at: AuditedEvent, head: ConversationHead, data: EventOfType<'MessageSent'>['data']): void => {
    const { position, stream, revision, timeMs } = at;
    const { senderId, clientMsgId, messageNo } = data;
    heads.count(at, head, messageNo);
    if (sentIds.add(head.no, senderId, clientMsgId)) {
      suspects.push({ kind: 'sent-twice', position, stream, revision, senderId, clientMsgId });
    }
    latest.add(head.no, head.seq, users.kept(senderId), timeMs);
    checkPart(at, head, senderId, 'sends');
    const fault = packetMessages.fault(data);
    if (fault !== undefined) report('M7', at, fault);
  };

  const recalled = (
    at: AuditedEvent,
    head: ConversationHead,
    { seq, by }: EventOfType<'MessageRecalled'>['data'],
  ): void => {
    const { position, stream, revision, timeMs } = at;
    checkPart(at, head, by, 'recalls');
    if (!isSeq(seq) || seq < 1 || seq >= head.seq) {
      report('M4', at, `There is no message with seq ${seq} before this recall`);
      return;
    }
    const message = latest.find(head.no, seq);
    if (message === undefined) {
      suspects.push({ kind: 'recall', position, stream, revision, timeMs, by, seq });
      return;
    }
    const { senderId, timeMs: sentAtMs } = message;
    const fault = recallFault(
      { seq, by, timeMs },
      { senderId, timeMs: sentAtMs, recalledBefore: message.recall() },
    );
    if (fault !== undefined) report('M4', at, fault);
  };

  /** A cursor that is behind an earlier one is none: merging takes the greater, so that it takes nothing back. */
  const acknowledged = (at: AuditedEvent, cursor: ReceiptCursor): void => {
    const { userId, conversationId, delivered, read } = cursor;
    const head = heads.of(conversationId);
    const isCursor = isSeq(delivered) && isSeq(read) && read <= delivered && delivered <= head.seq;
    if (!isCursor) {
      const place = `delivered ${delivered}, read ${read}`;
      report('M5', at, `User ${userId} is at ${place} in ${conversationId}, whose last seq is ${head.seq}`);
    }
    checkPart(at, head, userId, 'acknowledges');
  };

  return {
    add(at) {
      const { event } = at;
      switch (event.type) {
        case 'MessageSent': {
          const head = heads.advance(at, event.data.conversationId);
          if (head !== undefined) sent(at, head, event.data);
          return;
        }
        case 'MessageRecalled': {
          const head = heads.advance(at, event.data.conversationId);
          if (head !== undefined) recalled(at, head, event.data);
          return;
        }
        case 'NoticePosted':
          heads.advance(at, event.data.conversationId);
          return;
        case 'ReceiptsAdvanced':
          for (const cursor of event.data.cursors) acknowledged(at, cursor);
          break;
        case 'GroupCreated':
        case 'MemberJoined':
        case 'MemberLeft':
        case 'MemberRemoved':
        case 'GroupDissolved':
          participants.group(at, event);
          break;
        case 'FriendAccepted':
        case 'FriendRemoved':
        case 'UserBlocked':
        case 'UserUnblocked':
          participants.friendship(at, event);
          break;
        case 'PacketSent':
          packetMessages.sent(event.data);
          break;
      }
      if (conversationIdOf(at.stream) !== undefined) heads.advance(at, undefined);
    },
    suspectCount: () => suspects.length,
    takeSuspects() {
      const taken = suspects;
      suspects = [];
      return taken;
    },
    confirm(suspect, detail) {
      report(suspect.kind === 'recall' ? 'M4' : 'M3', suspect, detail);
    },
    violations: () => found.toSorted((one, other) => Number(one.position - other.position)),
    violationCount: () => count,
  };
}

function isSeq(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

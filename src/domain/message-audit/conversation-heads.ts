import { parseConversationId } from '../ids.ts';
import type { AuditedEvent } from '../ledger/audited-event.ts';
import { conversationIdOf } from '../streams.ts';
import type { ReportMessageViolation } from './message-rules.ts';
import type { Participants, Party } from './participants.ts';

/** All that is kept of a conversation, however long it is. Changes in place. */
export interface ConversationHead {
  /** 1, 2, 3 ... in the order of first mention; stands for the id where that would take too much room. */
  readonly no: number;
  /** Who takes part; `undefined` when the id is none that can be. */
  readonly party: Party | undefined;
  /** The last seq; 0 when nothing has been said. */
  seq: number;
  /** How many messages there have been. */
  messageNo: number;
}

/**
 * The heads of all conversations: rules M1 and M2. After a fault it goes on from what it found, so that one fault
 * is one finding and not one for every event after it.
 */
export class ConversationHeads {
  /** By stream. */
  readonly #heads = new Map<string, ConversationHead>();
  readonly #participants: Participants;
  readonly #report: ReportMessageViolation;

  constructor(participants: Participants, report: ReportMessageViolation) {
    this.#participants = participants;
    this.#report = report;
  }

  /**
   * Takes the next event of a stream, which says that it is of `namedId` (`undefined`: it is no conversation's
   * event). Answers the head of the conversation whose stream it is; `undefined` when it is none's.
   */
  advance(at: AuditedEvent, namedId: string | undefined): ConversationHead | undefined {
    const { type } = at.event;
    const conversationId = conversationIdOf(at.stream);
    if (conversationId === undefined) {
      this.#report('M1', at, `${type} of ${namedId} stands outside of its conversation's stream`);
      return undefined;
    }
    if (namedId === undefined) {
      this.#report('M1', at, `${type} stands in a conversation's stream`);
    } else if (namedId !== conversationId) {
      this.#report('M1', at, `${type} of ${namedId} stands in the stream of another conversation`);
    }
    const head = this.#head(at.stream, conversationId);
    if (head.party === undefined && head.seq === 0) {
      this.#report('M1', at, 'The stream is named after no conversation that can be');
    }
    const seq = at.revision + 1;
    if (seq !== head.seq + 1) this.#report('M1', at, `Seq ${seq} comes after ${head.seq}`);
    head.seq = seq;
    return head;
  }

  /** A conversation, which may have said nothing yet. */
  of(conversationId: string): ConversationHead {
    return this.#head(`conversation-${conversationId}`, conversationId);
  }

  /** Takes the number of a message. */
  count(at: AuditedEvent, head: ConversationHead, messageNo: number): void {
    if (messageNo !== head.messageNo + 1) {
      this.#report('M2', at, `messageNo ${messageNo} comes after ${head.messageNo}`);
    }
    if (Number.isSafeInteger(messageNo)) head.messageNo = messageNo;
  }

  #head(stream: string, conversationId: string): ConversationHead {
    const known = this.#heads.get(stream);
    if (known !== undefined) return known;
    const parties = parseConversationId(conversationId);
    const party = parties && this.#participants.of(parties);
    const head = { no: this.#heads.size + 1, party, seq: 0, messageNo: 0 };
    this.#heads.set(stream, head);
    return head;
  }
}

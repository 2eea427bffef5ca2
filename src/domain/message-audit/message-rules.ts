/**
 * What must hold of messages at every position of the log. The numbers are those by which the documentation, the
 * audit command and the tests name them; the M keeps them apart from the money rules.
 */
export const messageRules = {
  M1: "A conversation's events are numbered by seq 1, 2, 3 … without a gap, each in its conversation's stream.",
  M2: 'messageNo counts the messages of a conversation 1, 2, 3 …, and nothing else.',
  M3: 'A sender uses a clientMsgId once in a conversation.',
  M4: 'A recall names a message that exists and is its own, comes once, and within two minutes.',
  M5: 'A cursor is a whole seq: read not above delivered, and neither above the last seq.',
  M6: 'Whoever sends, recalls or acknowledges takes part in the conversation.',
  M7: 'A packet message shows, once, a packet that its sender sent into this conversation before.',
} as const;

export type MessageRule = keyof typeof messageRules;

export interface MessageViolation {
  readonly rule: MessageRule;
  /** The event that broke the rule. */
  readonly position: bigint;
  readonly stream: string;
  /** What is wrong, with ids. */
  readonly detail: string;
}

export type ReportMessageViolation = (
  rule: MessageRule,
  at: Pick<MessageViolation, 'position' | 'stream'>,
  detail: string,
) => void;

import { v5 as uuidv5 } from 'uuid';
import type { ClientMessageId, ConversationId, GroupId, PacketId, UserId } from '../domain/ids.ts';

/** The namespace of everything that is derived here. It must never change: retries find their first try by it. */
const namespace = '5f0c7a52-6e1b-5d07-9c35-0e2d1b7f4a90';

/**
 * Ids that are pure functions of what they stand for (UUIDv5), so that a repeated command meets its first try
 * whichever process, connection or process manager it comes through. None of the parts can hold a line break.
 */
function derive(...parts: readonly (string | number)[]): string {
  return uuidv5(parts.join('\n'), namespace);
}

export const derivedIds = {
  /** A user's command. Scoped by the user: nobody can take or test another's command ids. */
  userCommand: (userId: UserId, commandId: string) => derive('command', userId, commandId),
  /** A message, whichever request it came in. */
  message: (sender: UserId, conversation: ConversationId, clientMsgId: ClientMessageId) =>
    derive('message', sender, conversation, clientMsgId),
  packet: (sender: UserId, conversation: ConversationId, clientMsgId: ClientMessageId) =>
    derive('packet', sender, conversation, clientMsgId) as PacketId,
  group: (creator: UserId, commandId: string) => derive('group', creator, commandId) as GroupId,
  /** One step of a process, identified by what the process is about. */
  step: (step: ProcessStep, subject: string) => derive('step', step, subject),
} as const;

export type ProcessStep =
  | 'register-account'
  | 'open-wallet'
  | 'fund-packet'
  | 'open-packet'
  | 'cancel-packet'
  | 'refund-packet'
  | 'credit-grab'
  | 'credit-refund'
  | 'post-notice';

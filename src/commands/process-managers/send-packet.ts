/**
 * Sending a packet touches three streams, and money leaves the wallet first:
 *
 *     PacketFunded (wallet) ──► PacketSent (packet) ──► MessageSent (conversation)
 *                                      │ refused for good
 *                                      └──────────────► PacketCancelled (packet) ──► refund, by settling
 *
 * PacketFunded holds everything that the later steps need. Each step is found again by its command id, so that
 * the request's handler and recovery may walk the same packet at the same time, and both as often as they like.
 */
import type { Rejection } from '../../domain/decider.ts';
import { rejection } from '../../domain/decider.ts';
import type { ErrorCode } from '../../domain/error-codes.ts';
import { errorCodes } from '../../domain/error-codes.ts';
import type { ClientMessageId } from '../../domain/ids.ts';
import type { CancelReason } from '../../domain/packet/packet-events.ts';
import type { PacketTerms } from '../../domain/packet/packet-terms.ts';
import { streams } from '../../domain/streams.ts';
import { bodyHashOf, canonicalJson } from '../canonical-json.ts';
import type { CommandEnvelope } from '../command-envelope.ts';
import { derivedIds } from '../derived-ids.ts';
import type { Position } from '../event-log.ts';
import { messageReceipt } from '../handlers/messages.ts';
import { packetMessageId } from '../packet-message-id.ts';
import { seedOf } from '../packet-secrets.ts';
import type { MessageReceipt } from '../requests.ts';
import type { MessageBody, WriteScope } from '../write-scope.ts';

/** What PacketFunded says. */
export interface FundedPacket {
  readonly terms: PacketTerms;
  readonly clientMsgId: ClientMessageId;
  readonly correlationId: string;
  readonly causationId: string;
  /** Where in the log. */
  readonly fundedAt: Position;
}

export type SendResult =
  | { readonly kind: 'sent'; readonly receipt: MessageReceipt; readonly position: Position }
  /** The message can never be delivered: the money is on its way back. */
  | { readonly kind: 'cancelled'; readonly rejection: Rejection }
  /** Something does not answer now; what is done stays done, and recovery goes on from there. */
  | { readonly kind: 'unfinished'; readonly cause: unknown };

type Scope = Pick<WriteScope, 'aggregates' | 'preconditions' | 'keyring' | 'masterKey' | 'logger'>;

/** What a sender is told of a packet that was cancelled, by why it was. */
const refusals: Record<CancelReason, ErrorCode> = {
  'group-dissolved': 'group-dissolved',
  'sender-removed': 'conversation-not-found',
  'not-friends': 'not-friends',
  blocked: 'blocked',
};

const cancelReasons: Partial<Record<ErrorCode, CancelReason>> = Object.fromEntries(
  Object.entries(refusals).map(([reason, code]) => [code, reason]),
);

/** Walks all steps after the funding. Never throws. */
export async function finishSend(scope: Scope, funded: FundedPacket): Promise<SendResult> {
  try {
    return (await openPacket(scope, funded)) ?? (await postMessage(scope, funded));
  } catch (cause) {
    return { kind: 'unfinished', cause };
  }
}

/** `undefined` when the packet is open, or was until everything was taken or its time was over. */
async function openPacket(scope: Scope, funded: FundedPacket): Promise<SendResult | undefined> {
  const { packetId } = funded.terms;
  const stream = streams.packet(packetId);
  const outcome = await scope.aggregates.packet.execute(stream, {
    ...origin(funded),
    command: { type: 'OpenPacket', terms: funded.terms },
    commandId: derivedIds.step('open-packet', packetId),
    bodyHash: bodyHashOf({ packetId }),
  });
  if (outcome.kind !== 'accepted') return { kind: 'unfinished', cause: outcome };
  if (outcome.state.status !== 'cancelled') return undefined;
  // Its money is on the way back: it stays so when what stood in the way is gone. Nothing comes after the end.
  const end = await scope.aggregates.packet.eventAt(stream, outcome.revision);
  if (end?.type !== 'PacketCancelled') throw new Error(`packet ${packetId} is cancelled without an event`);
  return cancelled(end.data.reason);
}

function cancelled(reason: CancelReason): SendResult {
  const code = refusals[reason];
  return { kind: 'cancelled', rejection: rejection(code, errorCodes[code].meaning) };
}

async function postMessage(scope: Scope, funded: FundedPacket): Promise<SendResult> {
  const { terms, clientMsgId } = funded;
  const { conversationId, senderId, packetId } = terms;
  // Looked at again, since it may have changed after the funding.
  const refusal = await scope.preconditions.delivery(conversationId, senderId);
  const ids = [clientMsgId, packetMessageId(packetId)];
  for (const messageId of ids) {
    const command = await messageCommand(scope, funded, messageId);
    const stream = streams.conversation(conversationId);
    const outcome = await scope.aggregates.conversation.execute(stream, { ...command, refusal });
    switch (outcome.kind) {
      case 'accepted': {
        const receipt = messageReceipt(outcome, conversationId, senderId, messageId);
        return { kind: 'sent', receipt, position: outcome.position };
      }
      case 'rejected':
        // Its sender used the id for a text in the same moment: the packet's message goes under its own.
        if (outcome.rejection.code === 'command-id-reused') continue;
        if (errorCodes[outcome.rejection.code].temporary) return { kind: 'unfinished', cause: outcome };
        return await cancelPacket(scope, funded, outcome.rejection);
      default:
        return { kind: 'unfinished', cause: outcome };
    }
  }
  return { kind: 'unfinished', cause: `packet ${packetId} finds no id for its message` };
}

async function messageCommand({ keyring }: Scope, funded: FundedPacket, clientMsgId: ClientMessageId) {
  const { conversationId, senderId, packetId, greeting } = funded.terms;
  const content: MessageBody = { kind: 'packet', packetId, greeting: (await keyring.open(greeting)) ?? '' };
  const body = await keyring.seal(senderId, canonicalJson(content));
  return {
    ...origin(funded),
    command: {
      type: 'SendMessage',
      conversationId,
      by: senderId,
      clientMsgId,
      kind: 'packet',
      body,
      packetId,
    } as const,
    commandId: derivedIds.message(senderId, conversationId, clientMsgId),
    bodyHash: bodyHashOf({ packetId }),
    onceAfter: funded.fundedAt,
    // Its sender may ask again and again: the history knows in one look what the stream tells event by event.
    retry: true,
  };
}

async function cancelPacket(
  { aggregates, masterKey, logger }: Scope,
  funded: FundedPacket,
  { code }: Rejection,
): Promise<SendResult> {
  const { packetId } = funded.terms;
  const reason = cancelReasons[code];
  if (reason === undefined) {
    return { kind: 'unfinished', cause: new Error(`no packet is cancelled for ${code}`) };
  }
  const outcome = await aggregates.packet.execute(streams.packet(packetId), {
    ...origin(funded),
    command: { type: 'CancelPacket', reason, seed: seedOf(masterKey, funded.terms) },
    commandId: derivedIds.step('cancel-packet', packetId),
    bodyHash: bodyHashOf({ packetId }),
  });
  const settled =
    outcome.kind === 'accepted' ||
    // It has ended, or was grabbed: either way the rest of the money has another way back.
    (outcome.kind === 'rejected' &&
      ['packet-exhausted', 'packet-expired', 'packet-open'].includes(outcome.rejection.code));
  if (!settled) return { kind: 'unfinished', cause: outcome };
  logger.info({ packetId, reason }, 'a packet was cancelled: its message cannot be delivered');
  return cancelled(reason);
}

function origin({
  terms,
  correlationId,
  causationId,
}: FundedPacket): Pick<CommandEnvelope<never>, 'actor' | 'correlationId' | 'causationId'> {
  return { actor: terms.senderId, correlationId, causationId };
}

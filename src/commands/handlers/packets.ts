import { sentSeq } from '../../domain/conversation/conversation-decider.ts';
import type { Rejection } from '../../domain/decider.ts';
import { rejection } from '../../domain/decider.ts';
import type { PacketId } from '../../domain/ids.ts';
import { checkTtl, expirySecond } from '../../domain/packet/check-terms.ts';
import { normalisePhrase, phraseRefusal } from '../../domain/packet/phrase.ts';
import type { PacketTerms } from '../../domain/packet/packet-terms.ts';
import { streams } from '../../domain/streams.ts';
import type { WalletEvent } from '../../domain/wallet/wallet-events.ts';
import type { WalletState } from '../../domain/wallet/wallet-state.ts';
import { fundedAtRevision } from '../../domain/wallet/wallet-state.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { CommandOutcome } from '../command-envelope.ts';
import { derivedIds } from '../derived-ids.ts';
import { EventLogUnavailable } from '../event-log.ts';
import { outcomeOf, rejected } from '../outcomes.ts';
import { isPacketMessageId } from '../packet-message-id.ts';
import { commitTo, lockWith } from '../packet-secrets.ts';
import { paymentRefusal } from '../payment-refusal.ts';
import type { FundedPacket } from '../process-managers/send-packet.ts';
import { finishSend } from '../process-managers/send-packet.ts';
import type { RequestContext, RequestOf } from '../requests.ts';
import { userCommand } from '../user-command.ts';
import type { WriteScope } from '../write-scope.ts';
import type { Handlers } from './handler.ts';
import { reservedMessageId } from './messages.ts';

export function packetHandlers(scope: WriteScope): Handlers<'sendPacket'> {
  const { aggregates, preconditions } = scope;
  return {
    async sendPacket({ paymentToken, ...request }, context) {
      const wrong = wrongNumbers(request);
      if (wrong !== undefined) return rejected(wrong);
      const { conversationId, clientMsgId } = request;
      if (isPacketMessageId(clientMsgId)) return rejected(reservedMessageId);
      const sender = context.userId;
      const packetId = derivedIds.packet(sender, conversationId, clientMsgId);
      const refusal =
        (await preconditions.sender(conversationId, sender)) ??
        (await preconditions.receivers(conversationId, request.receivers)) ??
        (await usedForText(scope, packetId, request, context)) ??
        (await paymentRefusal(scope, context, paymentToken));
      const command = {
        type: 'FundPacket',
        userId: sender,
        terms: await termsOf(scope, packetId, request, context),
        clientMsgId,
        limits: scope.packetLimits,
      } as const;
      const funding = await aggregates.wallet.execute(
        streams.wallet(sender),
        userCommand(context, command, {
          commandId: derivedIds.step('fund-packet', packetId),
          bodyHash: await scope.keyring.fingerprint(sender, canonicalJson(request)),
          refusal,
        }),
      );
      if (funding.kind !== 'accepted') return outcomeOf(funding, unreachable);
      // The money is in the packet now: whatever happens from here on, recovery finishes it.
      const funded = await fundedPacket(scope, packetId, context, funding);
      if (funded === undefined) return { kind: 'unknown' };
      const sent = await finishSend(scope, funded);
      switch (sent.kind) {
        case 'sent': {
          const { expiresAtSecond, fairness } = funded.terms;
          const { commitment } = fairness;
          const answer = { ...sent.receipt, clientMsgId, packetId, expiresAtSecond, commitment };
          return { kind: 'accepted', answer, position: sent.position };
        }
        case 'cancelled':
          return rejected(sent.rejection);
        case 'unfinished':
          return { kind: 'unknown' };
      }
    },
  };
}

/** What the commitment cannot be computed for. All other rules are the wallet's to check. */
function wrongNumbers({
  totalFen,
  count,
  ttlSeconds,
  phrase,
}: RequestOf<'sendPacket'>): Rejection | undefined {
  if (!Number.isSafeInteger(totalFen) || totalFen <= 0) {
    return rejection('amount-invalid', 'An amount is a whole number of fen above 0.');
  }
  if (!Number.isSafeInteger(count) || count <= 0) {
    return rejection('shares-invalid', 'A packet has at least one share.');
  }
  return checkTtl(ttlSeconds) ?? (phrase === undefined ? undefined : phraseRefusal(normalisePhrase(phrase)));
}

/** A clientMsgId names one message: one that has been used for a text cannot carry a packet any more. */
async function usedForText(
  { aggregates }: WriteScope,
  packetId: PacketId,
  { conversationId, clientMsgId }: RequestOf<'sendPacket'>,
  { userId }: RequestContext,
): Promise<Rejection | undefined> {
  const conversation = await aggregates.conversation.load(streams.conversation(conversationId), {
    maxAgeMs: 0,
  });
  if (sentSeq(conversation.state, userId, clientMsgId) === undefined) return undefined;
  const packet = await aggregates.packet.load(streams.packet(packetId), { maxAgeMs: 0 });
  return packet.state.status === 'none'
    ? rejection('command-id-reused', 'This clientMsgId was used before for a different message.')
    : undefined;
}

async function termsOf(
  { keyring, masterKey, runtime }: WriteScope,
  packetId: PacketId,
  request: RequestOf<'sendPacket'>,
  { userId }: RequestContext,
): Promise<PacketTerms> {
  const { conversationId, kind, totalFen, count, receivers, ttlSeconds, greeting, nonce } = request;
  const { cover = 'classic', phrase } = request;
  return {
    packetId,
    senderId: userId,
    conversationId,
    kind,
    totalFen,
    count,
    expiresAtSecond: expirySecond(runtime.clock.nowMs(), ttlSeconds),
    receivers,
    greeting: await keyring.seal(userId, greeting),
    cover,
    phrase: phrase === undefined ? null : lockWith(masterKey, packetId, phrase),
    fairness: commitTo(masterKey, { packetId, nonce, totalFen, count }),
  };
}

/**
 * The send goes on with what was funded the first time: greeting and expiry of a repetition are others. `undefined`
 * when the log does not answer: what was accepted may well have taken effect.
 */
async function fundedPacket(
  { aggregates }: WriteScope,
  packetId: PacketId,
  context: RequestContext,
  funding: Extract<CommandOutcome<WalletState, WalletEvent>, { kind: 'accepted' }>,
): Promise<FundedPacket | undefined> {
  const stream = streams.wallet(context.userId);
  const revision = fundedAtRevision(funding.state, packetId);
  let [funded] = funding.events;
  if (funded === undefined && revision !== undefined) {
    try {
      funded = await aggregates.wallet.acceptedAt(stream, revision);
    } catch (error) {
      if (error instanceof EventLogUnavailable) return undefined;
      throw error;
    }
  }
  if (funded?.event.type !== 'PacketFunded') {
    throw new Error(`packet ${packetId} was accepted but is not funded`);
  }
  const { terms, clientMsgId } = funded.event.data;
  const { eventId: causationId, position: fundedAt } = funded;
  return { terms, clientMsgId, correlationId: context.correlationId, causationId, fundedAt };
}

function unreachable(): never {
  throw new Error('an outcome that was not accepted has no answer');
}

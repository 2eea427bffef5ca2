import type { Rejection } from '../../domain/decider.ts';
import { rejection } from '../../domain/decider.ts';
import type { UserId } from '../../domain/ids.ts';
import { grabRefusal } from '../../domain/packet/packet-decider.ts';
import { dayRefusal } from '../../domain/packet/packet-limits.ts';
import type { SentPacket } from '../../domain/packet/packet-state.ts';
import { streams } from '../../domain/streams.ts';
import { doneOf, outcomeOf, rejected } from '../outcomes.ts';
import { seedOf, verifierOf } from '../packet-secrets.ts';
import type { PeekState } from '../requests.ts';
import { newestPacket, sentPacket } from '../sent-packet.ts';
import { openBody, personalBody, userCommand } from '../user-command.ts';
import type { WriteScope } from '../write-scope.ts';
import type { Handlers } from './handler.ts';

const packetNotFound = rejection('packet-not-found', 'There is no such packet, or you may not see it.');
const tooManyTries = rejection('too-many-tries', 'Too many wrong phrases. Try again in a minute.');

/** What those do for whom a packet is. */
export function grabHandlers(scope: WriteScope): Handlers<'peekPacket' | 'grabPacket' | 'thankForPacket'> {
  const { aggregates, preconditions, masterKey, keyring, phraseTries, runtime } = scope;
  return {
    async peekPacket({ packetId }, { userId }) {
      const packet = await newestPacket(scope, packetId);
      if (packet === undefined) return rejected(packetNotFound);
      const { state, position } = packet;
      const outside = await preconditions.participant(state.terms.conversationId, userId);
      if (outside !== undefined && state.terms.senderId !== userId) return rejected(packetNotFound);
      return { kind: 'accepted', answer: peek(state, userId, runtime.clock.nowMs()), position };
    },

    async grabPacket({ packetId, phrase }, context) {
      const packet = await sentPacket(scope, packetId);
      if (packet === undefined) return rejected(packetNotFound);
      const { userId } = context;
      const verifier = verifierOf(masterKey, packet.terms, phrase);
      if (verifier !== undefined && !phraseTries.take(packetId, userId)) return rejected(tooManyTries);
      const outside = await preconditions.participant(packet.terms.conversationId, userId);
      const refusal = outside === undefined ? await dailyRefusal(packet, userId) : packetNotFound;
      const seed = seedOf(masterKey, packet.terms);
      const command = { type: 'GrabPacket', by: userId, seed, verifier } as const;
      const outcome = await aggregates.packet.execute(
        streams.packet(packetId),
        // Without the phrase: the log holds nothing that it could be guessed from.
        userCommand(context, command, { ...openBody('grabPacket', { packetId }), refusal }),
      );
      const isWrong = outcome.kind === 'rejected' && outcome.rejection.code === 'phrase-wrong';
      if (!isWrong) phraseTries.forget(packetId, userId);
      return outcomeOf(outcome, ({ events }) => {
        const grabbed = events.find(({ event }) => event.type === 'PacketGrabbed')?.event;
        if (grabbed?.type !== 'PacketGrabbed') throw new Error('an accepted grab has no PacketGrabbed');
        const { amountFen, shareIndex } = grabbed.data;
        return { packetId, amountFen, shareIndex };
      });
    },

    async thankForPacket(request, context) {
      const { packetId } = request;
      const packet = await sentPacket(scope, packetId);
      if (packet === undefined) return rejected(packetNotFound);
      const outside = await preconditions.participant(packet.terms.conversationId, context.userId);
      const note = await keyring.seal(context.userId, request.note);
      const command = { type: 'ThankForPacket', by: context.userId, note } as const;
      const body = await personalBody(keyring, context, 'thankForPacket', request);
      return doneOf(
        await aggregates.packet.execute(
          streams.packet(packetId),
          userCommand(context, command, { ...body, refusal: outside && packetNotFound }),
        ),
      );
    },
  };

  /**
   * Why the share would be too much for the day. Best effort, before the grab: what is granted is always credited.
   * How much it will be is not known yet, so that the day's last share may go over the limit.
   */
  async function dailyRefusal(packet: SentPacket, userId: UserId): Promise<Rejection | undefined> {
    const nowMs = runtime.clock.nowMs();
    // Whoever gets nothing anyway costs no look at a wallet.
    if (grabRefusal(packet, userId, nowMs) !== undefined) return undefined;
    const maxAgeMs = scope.dayTotalAgeMs;
    const { state } = await aggregates.wallet.load(streams.wallet(userId), { maxAgeMs });
    return dayRefusal(state.received, 1, nowMs, scope.packetLimits.receivedPerDay);
  }
}

function peek(packet: SentPacket, userId: UserId, nowMs: number) {
  const { terms, grants } = packet;
  const share = grants.get(userId);
  return {
    packetId: terms.packetId,
    state: peekState(packet, userId, nowMs),
    amountFen: share?.amountFen ?? null,
    count: terms.count,
    taken: grants.size,
    expiresAtSecond: terms.expiresAtSecond,
    needsPhrase: terms.phrase !== null,
  };
}

/** What a grab would be told now, as the states that people know. */
function peekState(packet: SentPacket, userId: UserId, nowMs: number): PeekState {
  switch (grabRefusal(packet, userId, nowMs)?.code) {
    case undefined:
      return 'open';
    case 'already-grabbed':
      return 'grabbed';
    case 'not-a-receiver':
      return 'for-others';
    case 'packet-exhausted':
      return 'exhausted';
    case 'packet-cancelled':
      return 'cancelled';
    default:
      return 'expired';
  }
}

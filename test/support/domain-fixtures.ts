import { bytesToHex } from '@noble/hashes/utils.js';
import type { DomainEvent } from '../../src/domain/events.ts';
import type { ClientMessageId, DeviceId, GroupId, PacketId, UserId } from '../../src/domain/ids.ts';
import { directConversationId, groupConversationId } from '../../src/domain/ids.ts';
import { commitmentOf } from '../../src/domain/packet/fairness.ts';
import type { PacketTerms } from '../../src/domain/packet/packet-terms.ts';
import type { Sealed } from '../../src/domain/sealed.ts';
import { startMs } from './given-when-then.ts';

/** A UUIDv7-shaped id that is the same in every run. */
export function uuid(number: number): string {
  return `01890a5d-ac96-774b-bcce-${number.toString(16).padStart(12, '0')}`;
}

export const userId = (number: number) => uuid(0x1000 + number) as UserId;
export const deviceId = (number: number) => uuid(0x2000_0000 + number) as DeviceId;
export const groupId = (number: number) => uuid(0x3000_0000 + number) as GroupId;
export const packetId = (number: number) => uuid(0x4000_0000 + number) as PacketId;
export const clientMsgId = (number: number) => `message-${number}` as ClientMessageId;

export const alice = userId(1);
export const bob = userId(2);
export const carol = userId(3);
export const dave = userId(4);

export const theGroup = groupId(1);
export const groupChat = groupConversationId(theGroup);
export const aliceAndBob = directConversationId(alice, bob);

export function sealed(text: string, subject: string = alice): Sealed {
  return { subject, key: 1, box: text };
}

export const seed = Uint8Array.from({ length: 32 }, (_, index) => index);
export const seedHex = bytesToHex(seed);
export const expiresAtSecond = startMs / 1000 + 3600;

/** The terms of a lucky packet of 3 shares of 10 yuan that Alice sends into the group, changed as asked. */
export function packetTerms(change: Partial<PacketTerms> = {}): PacketTerms {
  const terms = {
    packetId: packetId(1),
    senderId: alice,
    conversationId: groupChat,
    kind: 'lucky' as const,
    totalFen: 1000,
    count: 3,
    expiresAtSecond,
    receivers: [],
    greeting: sealed('best wishes'),
    cover: 'classic' as const,
    phrase: null,
    ...change,
  };
  return { fairness: fairnessOf(terms, seed), ...terms };
}

function fairnessOf(
  terms: Pick<PacketTerms, 'packetId' | 'totalFen' | 'count'>,
  packetSeed: Uint8Array,
): PacketTerms['fairness'] {
  const isPossible = Number.isSafeInteger(terms.totalFen) && terms.totalFen >= 0;
  const commitment = isPossible
    ? commitmentOf(packetSeed, terms.packetId, terms.totalFen, terms.count, 1)
    : '0'.repeat(64);
  return { algorithmVersion: 1, masterKeyVersion: 1, nonce: 'ab'.repeat(16), commitment };
}

/** An event of Alice's and Bob's conversation that no read model of messages takes: its sender is no UUID. */
export const poisonMessage: DomainEvent = {
  type: 'MessageSent',
  data: {
    conversationId: aliceAndBob,
    senderId: 'nobody' as UserId,
    clientMsgId: clientMsgId(1),
    messageNo: 1,
    kind: 'text',
    body: sealed('poison'),
    packetId: null,
  },
};

import { describe, expect, it } from 'vitest';
import type { ConversationId, PacketId } from '../../src/domain/ids.ts';
import type { PacketView } from '../../src/protocol/views/money-views.ts';
import { packetStanding, remainingFen } from '../../web/src/packet/packet-standing.ts';
import { conversationId, friend, me } from './messages.ts';

const group = 'group:01890a5d-ac96-774b-bcce-000000000009' as ConversationId;
const expiresAtSecond = 1_000;
const before = expiresAtSecond * 1000 - 1;
const grab = (userId = me) => ({ userId, shareIndex: 0, amountFen: 300, timeMs: 1, thanks: null });

const packet = (changes: Partial<PacketView> = {}): PacketView => ({
  packetId: '01890a5d-ac96-774b-bcce-00000000000a' as PacketId,
  conversationId: group,
  senderId: friend,
  kind: 'lucky',
  totalFen: 1_000,
  count: 3,
  taken: 0,
  state: 'open',
  sentAtMs: 0,
  expiresAtSecond,
  greeting: null,
  cover: 'classic',
  needsPhrase: false,
  receivers: [],
  commitment: '',
  mine: null,
  grabs: null,
  luckiest: null,
  refundedFen: 0,
  endedAtMs: null,
  takenInMs: null,
  ...changes,
});

describe('what a packet is to me', () => {
  it.each([
    ['to be opened until its last millisecond', {}, before, { kind: 'can-grab' }],
    [
      'expired from its expiry second on, before the refund',
      {},
      before + 1,
      { kind: 'expired', refunded: false },
    ],
    ['expired and refunded', { state: 'refunded' }, before + 1, { kind: 'expired', refunded: true }],
    [
      'mine, whatever became of it',
      { state: 'refunded', mine: grab() },
      before + 1,
      { kind: 'grabbed', amountFen: 300 },
    ],
    ['all taken', { state: 'exhausted', taken: 3 }, before, { kind: 'exhausted' }],
    ['taken back', { state: 'cancelled' }, before, { kind: 'cancelled' }],
    ['meant for others', { kind: 'exclusive', receivers: [friend] }, before, { kind: 'for-others' }],
    ['meant for me', { kind: 'exclusive', receivers: [me] }, before, { kind: 'can-grab' }],
    ['my own in a group, of which I may take a share', { senderId: me }, before, { kind: 'can-grab' }],
    [
      'my own between two, which is for the other',
      { senderId: me, conversationId },
      before,
      { kind: 'for-others' },
    ],
  ] as const)('%s', (_, changes, nowMs, standing) => {
    expect(packetStanding(packet(changes as Partial<PacketView>), me, nowMs)).toEqual(standing);
  });
});

describe('what is left of a packet', () => {
  it('is known with the shares, and when all are taken', () => {
    expect(remainingFen(packet({ grabs: [grab(), { ...grab(friend), amountFen: 250 }] }))).toBe(450);
    expect(remainingFen(packet({ state: 'exhausted' }))).toBe(0);
    expect(remainingFen(packet())).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import type { UserId } from '../../../src/domain/ids.ts';
import type { PacketCommand } from '../../../src/domain/packet/packet-commands.ts';
import { packetDecider } from '../../../src/domain/packet/packet-decider.ts';
import type { PacketEvent } from '../../../src/domain/packet/packet-events.ts';
import type { PacketTerms } from '../../../src/domain/packet/packet-terms.ts';
import {
  alice,
  aliceAndBob,
  bob,
  carol,
  dave,
  expiresAtSecond,
  packetTerms,
  sealed,
  seed,
  seedHex,
} from '../../support/domain-fixtures.ts';
import { specification } from '../../support/given-when-then.ts';

/** 10 yuan in 3 lucky shares; by the fixtures' seed they are 155, 314 and 531 fen. */
const terms = packetTerms();
const { packetId } = terms;
const sent = (of: PacketTerms): PacketEvent => ({ type: 'PacketSent', data: of });
const grab = (by: UserId): PacketCommand => ({ type: 'GrabPacket', by, seed });
const refund: PacketCommand = { type: 'RefundPacket', seed };
const cancel: PacketCommand = { type: 'CancelPacket', reason: 'group-dissolved', seed };
const grabbed = (userId: UserId, shareIndex: number, amountFen: number): PacketEvent => ({
  type: 'PacketGrabbed',
  data: { packetId, userId, shareIndex, amountFen, expiresAtSecond },
});
const exhausted = (luckiest: UserId): PacketEvent => ({
  type: 'PacketExhausted',
  data: { packetId, senderId: alice, luckiest, seed: seedHex },
});
const refunded = (amountFen: number): PacketEvent => ({
  type: 'PacketRefunded',
  data: { packetId, senderId: alice, amountFen, expiresAtSecond, seed: seedHex },
});
const cancelled: PacketEvent = {
  type: 'PacketCancelled',
  data: {
    packetId,
    senderId: alice,
    amountFen: 1000,
    expiresAtSecond,
    reason: 'group-dissolved',
    seed: seedHex,
  },
};
const shares = [155, 314, 531] as const;
const expiryMs = expiresAtSecond * 1000;

const none = specification(packetDecider);
const open = none.given([sent(terms)]);
const twoGone = open.given([grabbed(bob, 0, shares[0]), grabbed(carol, 1, shares[1])]);
const gone = twoGone.given([grabbed(dave, 2, shares[2]), exhausted(dave)]);
const back = twoGone.given([refunded(shares[2])], expiryMs);
const takenBack = open.given([cancelled]);
const equal = (totalFen: number, count: number) => packetTerms({ kind: 'equal', totalFen, count });

describe('sending a packet', () => {
  it('opens it with its terms', () => {
    none.when({ type: 'OpenPacket', terms }).then([sent(terms)]);
  });

  it('again with the same terms is no change, whatever became of it', () => {
    const readBack = JSON.parse(JSON.stringify(terms)) as PacketTerms;
    for (const history of [open, gone, back, takenBack]) {
      history.when({ type: 'OpenPacket', terms: readBack }).thenNothing();
    }
  });

  it('with other terms is another packet, which cannot have its id', () => {
    const other = { ...terms, greeting: sealed('something else') };
    open.when({ type: 'OpenPacket', terms: other }).thenRejected('packet-exists');
  });

  it('is refused for terms that cannot be', () => {
    none.when({ type: 'OpenPacket', terms: packetTerms({ count: 0 }) }).thenRejected('shares-invalid');
  });

  it('is finished however late, since its money has left the wallet', () => {
    none
      .when({ type: 'OpenPacket', terms }, expiryMs + 1)
      .then([sent(terms)])
      .when(refund)
      .then([refunded(1000)]);
  });
});

describe('grabbing', () => {
  it('gives the next share of the seed, and ends the packet with the last', () => {
    open
      .when(grab(bob))
      .then([grabbed(bob, 0, 155)])
      .when(grab(carol))
      .then([grabbed(carol, 1, 314)])
      .when(grab(dave))
      .then([grabbed(dave, 2, 531), exhausted(dave)]);
  });

  it('gives one share to a user, the sender included', () => {
    const after = open.when(grab(alice)).then([grabbed(alice, 0, 155)]);
    after.when(grab(alice)).thenRejected('already-grabbed');
  });

  it('names the earliest of the equally lucky', () => {
    const even = none.given([sent(equal(300, 3)), grabbed(bob, 0, 100), grabbed(carol, 1, 100)]);
    even.when(grab(dave)).then([grabbed(dave, 2, 100), exhausted(bob)]);
  });

  it('is possible until the expiry second begins', () => {
    open.when(grab(bob), expiryMs - 1).thenAccepted();
    open.when(grab(bob), expiryMs).thenRejected('packet-expired');
  });

  it('finds nothing where nothing is', () => {
    none.when(grab(bob)).thenRejected('packet-not-found');
    gone.when(grab(alice)).thenRejected('packet-exhausted');
    back.when(grab(dave)).thenRejected('packet-expired');
    takenBack.when(grab(bob)).thenRejected('packet-cancelled');
  });

  it('tells those who have a share so, whatever became of the packet since', () => {
    for (const history of [twoGone, gone, back])
      history.when(grab(bob), expiryMs).thenRejected('already-grabbed');
  });

  it('calls a packet that is gone gone, after its expiry too', () => {
    gone.when(grab(alice), expiryMs).thenRejected('packet-exhausted');
  });

  it('of an exclusive packet is for the named receivers', () => {
    const named = packetTerms({ kind: 'exclusive', totalFen: 200, count: 2, receivers: [bob, carol] });
    const exclusive = none.given([sent(named)]);
    exclusive.when(grab(dave)).thenRejected('not-a-receiver');
    exclusive.when(grab(alice)).thenRejected('not-a-receiver');
    exclusive.when(grab(dave), expiryMs).thenRejected('not-a-receiver');
    exclusive.when(grab(carol)).then([grabbed(carol, 0, 100)]);
  });

  it('between two is for the other one', () => {
    const direct = none.given([sent(packetTerms({ conversationId: aliceAndBob, totalFen: 200, count: 1 }))]);
    direct.when(grab(alice)).thenRejected('not-a-receiver');
    direct.when(grab(carol)).thenRejected('not-a-receiver');
    direct.when(grab(bob)).then([grabbed(bob, 0, 200), exhausted(bob)]);
  });
});

describe('a password packet', () => {
  const verifier = 'ab'.repeat(32);
  const locked = none.given([sent(packetTerms({ phrase: { masterKeyVersion: 1, verifier } }))]);
  const grabWith = (by: UserId, given?: string): PacketCommand => ({
    type: 'GrabPacket',
    by,
    seed,
    verifier: given,
  });

  it('is for those who bring the phrase', () => {
    locked.when(grabWith(bob, verifier)).then([grabbed(bob, 0, 155)]);
    locked.when(grabWith(bob)).thenRejected('phrase-wrong');
    locked.when(grabWith(bob, 'cd'.repeat(32))).thenRejected('phrase-wrong');
  });

  it('tells nobody whether a phrase is right who could not have a share anyway', () => {
    const bobHasOne = locked.when(grabWith(bob, verifier)).then([grabbed(bob, 0, 155)]);
    for (const phrase of [verifier, 'cd'.repeat(32)]) {
      bobHasOne.when(grabWith(bob, phrase)).thenRejected('already-grabbed');
      locked.when(grabWith(bob, phrase), expiryMs).thenRejected('packet-expired');
    }
  });

  it('is opened by nothing else: a phrase for a packet without one does not matter', () => {
    open.when(grabWith(bob, verifier)).then([grabbed(bob, 0, 155)]);
  });

  it('has a verifier of the right form, and a cover that there is', () => {
    const wrong = [
      packetTerms({ phrase: { masterKeyVersion: 1, verifier: 'open sesame' } }),
      packetTerms({ phrase: { masterKeyVersion: 0, verifier } }),
      packetTerms({ cover: 'gold' as never }),
    ];
    for (const impossible of wrong)
      none.when({ type: 'OpenPacket', terms: impossible }).thenRejected('bad-request');
  });
});

describe('saying thank you', () => {
  const note = sealed('thank you', bob);
  const thank = (by: UserId): PacketCommand => ({ type: 'ThankForPacket', by, note });
  const thanked: PacketEvent = {
    type: 'PacketThanked',
    data: { packetId, senderId: alice, userId: bob, shareIndex: 0, note },
  };

  it('is for those who have a share, once, also after the end', () => {
    for (const history of [twoGone, gone, back])
      history.when(thank(bob)).then([thanked]).when(thank(bob)).thenRejected('already-thanked');
    twoGone.when(thank(dave)).thenRejected('no-share');
    none.when(thank(bob)).thenRejected('packet-not-found');
  });

  it('moves no money and changes no share', () => {
    const after = twoGone.when(thank(bob)).then([thanked]);
    after.when(grab(dave)).then([grabbed(dave, 2, 531), exhausted(dave)]);
    after.when(refund, expiryMs).then([refunded(531)]);
  });
});

describe('the refund', () => {
  it('returns the rest, from the expiry second on', () => {
    twoGone.when(refund, expiryMs - 1).thenRejected('packet-not-expired');
    twoGone.when(refund, expiryMs).then([refunded(531)]);
    open.when(refund, expiryMs).then([refunded(1000)]);
  });

  it('happens once, and only where something is left', () => {
    back.when(refund).thenNothing();
    gone.when(refund, expiryMs).thenRejected('packet-exhausted');
    takenBack.when(refund, expiryMs).thenRejected('packet-cancelled');
    none.when(refund, expiryMs).thenRejected('packet-not-found');
  });
});

describe('taking a packet back', () => {
  it('returns all of it, while nobody has a share', () => {
    open.when(cancel).then([cancelled]).when(cancel).thenNothing();
  });

  it('is too late once somebody has: the rest returns at the expiry', () => {
    twoGone.when(cancel).thenRejected('packet-open');
  });

  it('is too late when it has ended otherwise', () => {
    gone.when(cancel).thenRejected('packet-exhausted');
    back.when(cancel).thenRejected('packet-expired');
    none.when(cancel).thenRejected('packet-not-found');
  });
});

describe('a packet', () => {
  it('ends for good', () => {
    for (const history of [gone, back, takenBack]) expect(packetDecider.isTerminal(history.state)).toBe(true);
    for (const history of [none, open, twoGone]) expect(packetDecider.isTerminal(history.state)).toBe(false);
  });

  it('does nothing with a seed that it was not sent with', () => {
    const wrong = seed.map((byte) => byte ^ 1);
    const context = { nowMs: expiryMs - 1, nextRevision: 1 };
    expect(() =>
      packetDecider.decide({ type: 'GrabPacket', by: bob, seed: wrong }, open.state, context),
    ).toThrow(/commitment/);
    expect(() =>
      packetDecider.decide({ type: 'RefundPacket', seed: wrong }, open.state, {
        ...context,
        nowMs: expiryMs,
      }),
    ).toThrow(/commitment/);
  });
});

import { describe, expect, it } from 'vitest';
import { domainLimits } from '../../../src/domain/domain-limits.ts';
import type { ConversationId, PacketId } from '../../../src/domain/ids.ts';
import { checkExpiry, checkTerms, checkTtl, expirySecond } from '../../../src/domain/packet/check-terms.ts';
import type { PacketTerms } from '../../../src/domain/packet/packet-terms.ts';
import { alice, aliceAndBob, bob, carol, packetTerms } from '../../support/domain-fixtures.ts';
import { startMs } from '../../support/given-when-then.ts';

const { countMax, shareFenMax, ttlSecondsMin, ttlSecondsMax, ttlGraceMs } = domainLimits.packet;
const code = (change: Partial<PacketTerms>) => checkTerms(packetTerms(change))?.code ?? 'ok';
const exclusive = { kind: 'exclusive', count: 2, totalFen: 1000, receivers: [bob, carol] } as const;

describe('terms', () => {
  it.each<[string, Partial<PacketTerms>, string]>([
    ['a lucky packet', {}, 'ok'],
    ['0 fen', { totalFen: 0 }, 'amount-invalid'],
    ['less than nothing', { totalFen: -100 }, 'amount-invalid'],
    ['a fraction of a fen', { totalFen: 10.5 }, 'amount-invalid'],
    ['no number', { totalFen: Number.NaN }, 'amount-invalid'],
    ['more than numbers can tell apart', { totalFen: 2 ** 53 }, 'amount-invalid'],
    ['no shares', { count: 0 }, 'shares-invalid'],
    ['less than no shares', { count: -1 }, 'shares-invalid'],
    ['half a share', { count: 1.5 }, 'shares-invalid'],
    ['as many shares as may be', { count: countMax, totalFen: 1000 }, 'ok'],
    ['more shares than may be', { count: countMax + 1, totalFen: 1000 }, 'shares-invalid'],
    ['1 fen for each share', { count: 3, totalFen: 3 }, 'ok'],
    ['more shares than fen', { count: 3, totalFen: 2 }, 'shares-invalid'],
    ['the greatest share, each', { count: 3, totalFen: 3 * shareFenMax }, 'ok'],
    ['more than the greatest share', { count: 3, totalFen: 3 * shareFenMax + 1 }, 'amount-invalid'],
    ['equal shares', { kind: 'equal', count: 4, totalFen: 1000 }, 'ok'],
    ['equal shares that do not come out even', { kind: 'equal', count: 3, totalFen: 1000 }, 'amount-invalid'],
    ['receivers of a lucky packet', { receivers: [bob] }, 'receivers-invalid'],
    ['an exclusive packet', exclusive, 'ok'],
    ['fewer receivers than shares', { ...exclusive, receivers: [bob] }, 'receivers-invalid'],
    ['a receiver named twice', { ...exclusive, receivers: [bob, bob] }, 'receivers-invalid'],
    ['the sender as receiver', { ...exclusive, receivers: [bob, alice] }, 'receivers-invalid'],
    ['one share for a friend', { conversationId: aliceAndBob, count: 1 }, 'ok'],
    ['two shares for a friend', { conversationId: aliceAndBob, count: 2 }, 'shares-invalid'],
    ['a friend named', { ...exclusive, conversationId: aliceAndBob, count: 1, receivers: [bob] }, 'ok'],
    [
      'another one named',
      { ...exclusive, conversationId: aliceAndBob, count: 1, receivers: [carol] },
      'receivers-invalid',
    ],
    [
      'a conversation of others',
      { senderId: carol, conversationId: aliceAndBob, count: 1 },
      'conversation-not-found',
    ],
    ['no conversation', { conversationId: 'the park' as ConversationId }, 'conversation-not-found'],
  ])('%s', (_what, change, expected) => {
    expect(code(change)).toBe(expected);
  });

  it('name the packet by a UUID', () => {
    const terms = { ...packetTerms(), packetId: '1' as PacketId };
    expect(checkTerms(terms)?.code).toBe('bad-request');
  });

  it.each([
    ['16 bytes', 'ab'.repeat(16), 'ok'],
    ['64 bytes', 'ab'.repeat(64), 'ok'],
    ['15 bytes', 'ab'.repeat(15), 'nonce-invalid'],
    ['65 bytes', 'ab'.repeat(65), 'nonce-invalid'],
    ['half a byte', `${'ab'.repeat(16)}a`, 'nonce-invalid'],
    ['capitals', 'AB'.repeat(16), 'nonce-invalid'],
    ['a line end', `${'ab'.repeat(16)}\n`, 'nonce-invalid'],
    ['nothing', '', 'nonce-invalid'],
  ])('with a nonce of %s', (_what, nonce, expected) => {
    const { fairness, ...terms } = packetTerms();
    expect(checkTerms({ ...terms, fairness: { ...fairness, nonce } })?.code ?? 'ok').toBe(expected);
  });

  it('hold a commitment of the one known form', () => {
    const { fairness, ...terms } = packetTerms();
    for (const change of [{ commitment: 'ab' }, { masterKeyVersion: 0 }, { masterKeyVersion: 1.5 }]) {
      expect(checkTerms({ ...terms, fairness: { ...fairness, ...change } })?.code).toBe('bad-request');
    }
  });
});

describe('a lifetime', () => {
  it('is asked for in whole seconds, from 10 to 7 days of them', () => {
    expect(checkTtl(ttlSecondsMin)).toBeUndefined();
    expect(checkTtl(ttlSecondsMax)).toBeUndefined();
    for (const bad of [ttlSecondsMin - 1, ttlSecondsMax + 1, 10.5, Number.NaN, -1]) {
      expect(checkTtl(bad)?.code).toBe('ttl-invalid');
    }
  });

  it('is at least what was asked for, and accepted when it is decided a moment later', () => {
    for (const nowMs of [startMs, startMs + 1, startMs + 999]) {
      for (const ttl of [ttlSecondsMin, ttlSecondsMax]) {
        const expiry = expirySecond(nowMs, ttl);
        expect(expiry * 1000 - nowMs).toBeGreaterThanOrEqual(ttl * 1000);
        expect(checkExpiry(expiry, nowMs)).toBeUndefined();
        expect(checkExpiry(expiry, nowMs + ttlGraceMs)).toBeUndefined();
      }
    }
  });

  it('is refused when it is too short or too long to come from a lawful one', () => {
    const second = startMs / 1000;
    expect(checkExpiry(second + ttlSecondsMin - ttlGraceMs / 1000 - 1, startMs)?.code).toBe('ttl-invalid');
    expect(checkExpiry(second + ttlSecondsMax + 2, startMs)?.code).toBe('ttl-invalid');
    expect(checkExpiry(second + 60.5, startMs)?.code).toBe('ttl-invalid');
    expect(checkExpiry(Number.NaN, startMs)?.code).toBe('ttl-invalid');
  });
});

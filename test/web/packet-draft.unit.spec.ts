import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatYuan } from '../../src/domain/money.ts';
import { draftPacket, type PacketFields } from '../../web/src/packet/packet-draft.ts';
import { friend } from './messages.ts';

const fields = (changes: Partial<PacketFields> = {}): PacketFields => ({
  kind: 'lucky',
  yuan: '8.88',
  count: '3',
  receivers: [],
  ...changes,
});
const problem = (name: string) => ({ ok: false, problem: name });

describe('a packet in the form', () => {
  it('has a total when lucky, and an amount for each share otherwise', () => {
    expect(draftPacket(fields(), undefined)).toEqual({ ok: true, totalFen: 888, count: 3 });
    expect(draftPacket(fields({ kind: 'equal' }), undefined)).toEqual({ ok: true, totalFen: 2664, count: 3 });
    const exclusive = fields({ kind: 'exclusive', receivers: [friend] });
    expect(draftPacket(exclusive, undefined)).toEqual({ ok: true, totalFen: 888, count: 1 });
  });

  it.each([
    ['', 'amount'],
    ['0', 'amount'],
    ['-1', 'amount'],
    ['1.234', 'amount'],
    ['1e3', 'amount'],
    ['0.02', 'shareTooSmall'],
    ['600.01', 'shareTooLarge'],
  ])('of %j yuan in three shares says what is wrong: %s', (yuan, name) => {
    expect(draftPacket(fields({ yuan }), undefined)).toEqual(problem(name));
  });

  it.each(['0', '101', '1.5', '', 'three'])('cannot have %j shares', (count) => {
    expect(draftPacket(fields({ yuan: '100', count }), undefined)).toEqual(problem('count'));
  });

  it('needs its receivers when it is for chosen people', () => {
    expect(draftPacket(fields({ kind: 'exclusive' }), undefined)).toEqual(problem('receivers'));
  });

  it('may cost all that the wallet holds, and no fen more', () => {
    expect(draftPacket(fields(), 888).ok).toBe(true);
    expect(draftPacket(fields(), 887)).toEqual(problem('funds'));
  });

  it('comes to a whole number of fen that its shares can hold, whatever is written', () => {
    const amount = fc.oneof(fc.string(), fc.integer({ min: 0, max: 3_000_000 }).map(formatYuan));
    const count = fc.oneof(fc.string(), fc.integer({ min: 0, max: 120 }).map(String));
    const kind = fc.constantFrom('lucky' as const, 'equal' as const);
    fc.assert(
      fc.property(amount, count, kind, (yuan, shares, packetKind) => {
        const draft = draftPacket(fields({ yuan, count: shares, kind: packetKind }), undefined);
        if (!draft.ok) return;
        expect(Number.isSafeInteger(draft.totalFen)).toBe(true);
        expect(draft.totalFen).toBeGreaterThanOrEqual(draft.count);
        expect(draft.totalFen).toBeLessThanOrEqual(draft.count * 20_000);
        if (packetKind === 'equal') expect(draft.totalFen % draft.count).toBe(0);
      }),
    );
  });
});

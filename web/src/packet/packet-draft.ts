import { domainLimits } from '../../../src/domain/domain-limits.ts';
import type { UserId } from '../../../src/domain/ids.ts';
import { parseYuan } from '../../../src/domain/money.ts';
import type { PacketKind } from '../../../src/domain/packet/packet-terms.ts';

/** What stands in the form. The amount is the total of a lucky packet, one share's amount of the others. */
export interface PacketFields {
  readonly kind: PacketKind;
  readonly yuan: string;
  readonly count: string;
  readonly receivers: readonly UserId[];
}

export type DraftProblem = 'amount' | 'shareTooLarge' | 'shareTooSmall' | 'count' | 'receivers' | 'funds';

export type Draft =
  | { readonly ok: true; readonly totalFen: number; readonly count: number }
  | { readonly ok: false; readonly problem: DraftProblem };

const { shareFenMax, countMax } = domainLimits.packet;

/** What the fields come to, or the first thing that is wrong with them. `balanceFen`: `undefined` if unknown. */
export function draftPacket(fields: PacketFields, balanceFen: number | undefined): Draft {
  const { kind, yuan, receivers } = fields;
  const amountFen = parseYuan(yuan.trim());
  if (amountFen === undefined || amountFen === 0) return { ok: false, problem: 'amount' };
  if (kind === 'exclusive' && receivers.length === 0) return { ok: false, problem: 'receivers' };
  const count = kind === 'exclusive' ? receivers.length : parseCount(fields.count);
  if (count === undefined || count > countMax) return { ok: false, problem: 'count' };
  const totalFen = kind === 'lucky' ? amountFen : amountFen * count;
  if (totalFen < count) return { ok: false, problem: 'shareTooSmall' };
  if (totalFen > count * shareFenMax) return { ok: false, problem: 'shareTooLarge' };
  if (balanceFen !== undefined && totalFen > balanceFen) return { ok: false, problem: 'funds' };
  return { ok: true, totalFen, count };
}

function parseCount(text: string): number | undefined {
  return /^[1-9][0-9]{0,2}$/.test(text.trim()) ? Number(text.trim()) : undefined;
}

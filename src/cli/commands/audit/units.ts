import { formatYuan } from '../../../domain/money.ts';

/** `2026-02-17 08:00`, UTC. */
export function time(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');
}

/** `2026-02-17`, UTC. */
export function date(timeMs: number): string {
  return time(timeMs).slice(0, 10);
}

/** An amount in yuan with separators: `12,345.60`. */
export function yuan(amountFen: number): string {
  return formatYuan(amountFen).replace(/\B(?=(?:\d{3})+\.)/g, ',');
}

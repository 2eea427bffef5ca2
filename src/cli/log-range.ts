import { type Position, START } from '../commands/event-log.ts';
import { CliError } from './cli-error.ts';

/** Where a range of the log ends: at a position, or before the first event at or after a time. */
export type RangeEnd =
  | { readonly kind: 'position'; readonly position: Position }
  | { readonly kind: 'time'; readonly timeMs: number };

/** A log position from the command line. */
export function parsePosition(text: string): Position {
  if (!/^\d{1,19}$/.test(text)) throw new CliError(`"${text}" is not a log position: give a whole number.`);
  return BigInt(text);
}

/** `--from P` means "from the event at P on"; the log reads strictly after a position. */
export function positionBefore(position: Position): Position {
  return position > 0n ? position - 1n : START;
}

/** A position (digits) or a time (ISO 8601). */
export function parseRangeEnd(text: string): RangeEnd {
  if (/^\d{1,19}$/.test(text)) return { kind: 'position', position: BigInt(text) };
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs)) {
    throw new CliError(
      `"${text}" is neither a log position nor a time. A time looks like 2026-02-17T08:00:00Z.`,
    );
  }
  return { kind: 'time', timeMs };
}

import { type Position, type RecordedEvent, START } from '../commands/event-log.ts';
import { limits } from '../config/limits.ts';
import { CliError } from './cli-error.ts';

/** A place in the log as somebody names it: a position, or a time. */
export type LogBound =
  | { readonly kind: 'position'; readonly position: Position }
  | { readonly kind: 'time'; readonly timeMs: number };

/**
 * A part of the log. Positions are included at both ends. Of times the first is included and the last is not,
 * so that ranges that follow each other share no event.
 */
export interface LogRange {
  readonly from?: LogBound;
  readonly until?: LogBound;
}

type Placed = Pick<RecordedEvent, 'position' | 'metadata'>;

const isoTime = /^(\d{4})-(\d\d)-(\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

/**
 * A position (digits), or a time: ISO 8601 with its zone, or a date alone, which is its first moment in UTC.
 * Throws `CliError` for anything else: what is guessed from "tomorrow" or without a zone is wrong for somebody.
 */
export function parseBound(text: string): LogBound {
  if (/^\d{1,19}$/.test(text)) return { kind: 'position', position: BigInt(text) };
  const timeMs = parseTimeMs(text);
  if (timeMs !== undefined) return { kind: 'time', timeMs };
  throw new CliError(
    `"${text}" is neither a log position nor a time. A position is a whole number, and a time has a zone: ` +
      '2026-02-17T08:00:00Z, 2026-02-17T16:00+08:00.',
  );
}

function parseTimeMs(text: string): number | undefined {
  const [, year, month, day] = isoTime.exec(text) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const timeMs = Date.parse(text);
  // The 30th of February would be taken for the 2nd of March.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return Number.isNaN(timeMs) || date.getUTCDate() !== Number(day) ? undefined : timeMs;
}

/** The range between two texts of the command line. Throws `CliError` when it ends before it begins. */
export function parseRange(from: string | undefined, until: string | undefined): LogRange {
  const range: LogRange = {
    ...(from !== undefined && { from: parseBound(from) }),
    ...(until !== undefined && { until: parseBound(until) }),
  };
  if (isBackwards(range)) throw new CliError(`The range from ${from} until ${until} ends before it begins.`);
  return range;
}

function isBackwards({ from, until }: LogRange): boolean {
  if (from?.kind === 'position' && until?.kind === 'position') return until.position < from.position;
  return from?.kind === 'time' && until?.kind === 'time' && until.timeMs <= from.timeMs;
}

/** Where a read of the log has to begin, strictly after: times are no help there, the log has no index of them. */
export function readAfter({ from }: LogRange): Position {
  return from?.kind === 'position' && from.position > 0n ? from.position - 1n : START;
}

/** An event of another program, which says no time, is in no range of times. */
export function isInRange({ from, until }: LogRange, event: Placed): boolean {
  const { timeMs } = event.metadata;
  const hasBegun =
    from === undefined ||
    (from.kind === 'position' ? event.position >= from.position : timeMs >= from.timeMs);
  if (!hasBegun || until === undefined) return hasBegun;
  return until.kind === 'position' ? event.position <= until.position : timeMs < until.timeMs;
}

/** Whether nothing of the range can follow this event: positions are in order, times only nearly so. */
export function isFarBeyond({ until }: LogRange, { position, metadata }: Placed): boolean {
  if (until === undefined) return false;
  if (until.kind === 'position') return position > until.position;
  return metadata.timeMs >= until.timeMs + limits.cli.clockSlackMs;
}

/** A place in the log for people. */
export function boundText(bound: LogBound): string {
  return bound.kind === 'position' ? `position ${bound.position}` : new Date(bound.timeMs).toISOString();
}

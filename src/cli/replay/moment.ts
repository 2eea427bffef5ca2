import type { RecordedEvent } from '../../commands/event-log.ts';
import type { Clock } from '../../runtime/runtime.ts';
import { CliError } from '../cli-error.ts';
import { boundText, type LogBound, parseBound } from '../log-range.ts';

/** When a state is asked for. */
export type Moment = LogBound | { readonly kind: 'now' };

/**
 * A position, a time, or `now`. Throws `CliError` for what is none, and for a time that is still to come: what
 * the log will hold then is not known.
 */
export function parseMoment(text: string, clock: Clock): Moment {
  if (text === 'now') return { kind: 'now' };
  const bound = parseBound(text);
  if (bound.kind === 'time' && bound.timeMs > clock.nowMs()) {
    throw new CliError(`${boundText(bound)} is still to come. Give "now" for the state at present.`);
  }
  return bound;
}

/**
 * Whether an event had happened by a moment. Everything recorded in the very millisecond of a time counts as
 * having happened: a stream's events never go back in time, but several may share one millisecond. A position
 * tells those apart.
 */
export function hasHappened(moment: Moment, { position, metadata }: RecordedEvent): boolean {
  switch (moment.kind) {
    case 'now':
      return true;
    case 'position':
      return position <= moment.position;
    case 'time':
      return metadata.timeMs <= moment.timeMs;
  }
}

/** A moment for people. */
export function momentText(moment: Moment): string {
  return moment.kind === 'now' ? 'now' : boundText(moment);
}

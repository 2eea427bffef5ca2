import type { EventLog, RecordedEvent } from '../../commands/event-log.ts';
import { START } from '../../commands/event-log.ts';
import { CliError } from '../cli-error.ts';
import { eventAsJson, eventAsText } from '../event-lines.ts';
import { parsePosition, parseRangeEnd, positionBefore, type RangeEnd } from '../log-range.ts';
import { endWithReader, note, printLine, stdoutReady } from '../output.ts';

export interface ReplayOptions {
  readonly stream?: string;
  readonly from?: string;
  readonly until?: string;
  readonly type?: readonly string[];
  readonly json?: boolean;
}

/** Prints events in order, from one stream or from the whole log. */
export async function replay(log: EventLog, options: ReplayOptions): Promise<void> {
  endWithReader();
  const end = options.until === undefined ? undefined : parseRangeEnd(options.until);
  const wanted = options.type === undefined ? undefined : new Set(options.type);
  const print = options.json === true ? eventAsJson : eventAsText;
  let printed = 0;
  for await (const event of source(log, options, end)) {
    if (isFarBeyond(event, end)) break;
    if (isBeyond(event, end)) continue;
    if (wanted !== undefined && !wanted.has(event.type)) continue;
    printLine(print(event));
    printed += 1;
    await stdoutReady();
  }
  if (printed === 0) note('No event matches.');
}

function source(
  log: EventLog,
  options: ReplayOptions,
  end: RangeEnd | undefined,
): AsyncIterable<RecordedEvent> {
  if (options.stream !== undefined) {
    if (options.from !== undefined) throw new CliError('Give either --stream or --from, not both.');
    return log.readStream(options.stream);
  }
  const after = options.from === undefined ? START : positionBefore(parsePosition(options.from));
  return log.readAll({ after, ...(end?.kind === 'position' ? { until: end.position } : {}) });
}

/** How far apart the clocks of two processes that write to one log may be before `--until TIME` misses events. */
const clockSlackMs = 60_000;

/** Whether nothing within the range can follow: positions are in order, times only nearly so. */
function isFarBeyond(event: RecordedEvent, end: RangeEnd | undefined): boolean {
  if (end?.kind === 'time') return event.metadata.timeMs >= end.timeMs + clockSlackMs;
  return isBeyond(event, end);
}

/** Times are compared with `>=`: "until 08:00" shows what had happened before 08:00. */
function isBeyond(event: RecordedEvent, end: RangeEnd | undefined): boolean {
  if (end === undefined) return false;
  return end.kind === 'position' ? event.position > end.position : event.metadata.timeMs >= end.timeMs;
}

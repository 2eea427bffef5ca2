import { listenForStop } from '../../../infra/supervisor/stop-signals.ts';
import type { EventLog, Position, RecordedEvent } from '../../commands/event-log.ts';
import type { Settings } from '../../config/settings.ts';
import { domainEventTypes } from '../../domain/upcast.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { systemRuntime } from '../../runtime/system-runtime.ts';
import { exitCodes } from '../cli-error.ts';
import { eventAsJson, eventAsText } from '../event-lines.ts';
import { isInRange } from '../log-range.ts';
import { endWithReader, note, printLine, stdoutReady } from '../output.ts';
import { count, createProgress, type Progress } from '../progress.ts';
import { csvHeader, eventAsCsv } from '../replay/event-csv.ts';
import { matcherOf } from '../replay/event-filter.ts';
import { printState } from '../replay/print-state.ts';
import { followEvents, readEvents } from '../replay/read-events.ts';
import {
  type EventFormat,
  type ReplayOptions,
  type ReplayRequest,
  replayRequest,
} from '../replay/replay-request.ts';
import { troubleNotes } from '../replay/trouble-notes.ts';
import { withLog } from '../with-log.ts';

type EventsRequest = Extract<ReplayRequest, { readonly kind: 'events' }>;

/** `hongbao replay`: prints events of the log in order, or with `--as-of` a state that follows from it. */
export async function replayCommand(settings: Settings, options: ReplayOptions): Promise<void> {
  endWithReader();
  const runtime = systemRuntime();
  const request = replayRequest(options, runtime.clock);
  if (request.kind === 'events' && request.follow) {
    await untilStopped(runtime, (signal) =>
      withLog(settings, (log) => followLog(log, request, runtime, signal), troubleNotes()),
    );
    return;
  }
  await withLog(settings, async (log) => {
    if (request.kind === 'events') await printLog(log, request, runtime);
    else await printState(log, request.subject, request.moment, request.format);
  });
}

async function printLog(log: EventLog, request: EventsRequest, runtime: Runtime): Promise<void> {
  // On a terminal the lines themselves show how far it is.
  const progress = process.stdout.isTTY ? undefined : createProgress(runtime.clock, process.stderr);
  const events = readEvents(log, request.plan);
  const { read, printed } = await printEvents(observed(events, await log.head(), progress), request);
  progress?.finish(`replay: printed ${count(printed)} of ${count(read)} events read`);
  if (printed === 0) note(nothingMatches(request));
}

async function followLog(
  log: EventLog,
  request: EventsRequest,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<void> {
  const onLive = (): void => note('All that was there is printed; what comes will be. Ctrl-C ends it.');
  await printEvents(followEvents(log, request.plan, { runtime, signal, onLive }), request, signal);
}

/** Prints those events that are wanted, no faster than they are taken, until they end or the signal aborts. */
async function printEvents(
  events: AsyncIterable<RecordedEvent>,
  { filter, plan: { range }, format }: EventsRequest,
  signal?: AbortSignal,
): Promise<{ readonly read: number; readonly printed: number }> {
  const isWanted = matcherOf(filter);
  if (format === 'csv') printCsvLine(csvHeader);
  let read = 0;
  let printed = 0;
  for await (const event of events) {
    read += 1;
    if (!isWanted(event) || !isInRange(range, event)) continue;
    printers[format](event);
    printed += 1;
    await stdoutReady(signal);
    if (signal?.aborted) break;
  }
  return { read, printed };
}

const printers: Readonly<Record<EventFormat, (event: RecordedEvent) => void>> = {
  text: (event) => printLine(eventAsText(event)),
  json: (event) => printLine(eventAsJson(event)),
  csv: (event) => printCsvLine(eventAsCsv(event)),
};

/** RFC 4180 ends its lines with CR LF. */
function printCsvLine(line: string): void {
  printLine(`${line}\r`);
}

/** The same events, with progress up to `head`. */
async function* observed(
  events: AsyncIterable<RecordedEvent>,
  head: Position,
  progress: Progress | undefined,
): AsyncGenerator<RecordedEvent, void, undefined> {
  let read = 0;
  for await (const event of events) {
    yield event;
    read += 1;
    progress?.update({ label: 'replay', fraction: Number(event.position) / Number(head), events: read });
  }
}

function nothingMatches({ filter: { types = [] } }: EventsRequest): string {
  const known = new Set<string>(domainEventTypes);
  const unknown = types.filter((type) => !known.has(type));
  const hint = unknown.length === 0 ? '' : ` This version knows no event type ${unknown.join(', ')}.`;
  return `No event matches.${hint}`;
}

/**
 * Runs `work` until it ends or somebody asks it to: that is how a follower ends, and well. Asked again, the
 * process ends at once.
 */
async function untilStopped(runtime: Runtime, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const abort = new AbortController();
  const stopListening = listenForStop(runtime, (request) => {
    if (request === 'again') process.exit(exitCodes.unavailable);
    abort.abort();
  });
  try {
    await work(abort.signal);
  } finally {
    stopListening();
  }
}

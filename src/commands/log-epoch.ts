import type { LogEpochEvent } from '../domain/log-epoch.ts';
import { streams } from '../domain/streams.ts';
import { schemaVersionOf } from '../domain/upcast.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { bodyHashOf } from './canonical-json.ts';
import type { AppendResult, EventLog, ExpectedRevision, Position, RecordedEvent } from './event-log.ts';
import { EventLogUnavailable } from './event-log.ts';
import { eventOf } from './loaded-aggregate.ts';
import type { LogWitness } from './log-witness.ts';

/**
 * The name of this log's history: what the newest EpochBegun says, and on the very first start a new one.
 * Several processes may call it at once: the first one names it. Throws `EventLogUnavailable`.
 */
export async function ensureLogEpoch(eventLog: EventLog, runtime: Runtime): Promise<string> {
  const known = await newestEpoch(eventLog);
  if (known !== undefined) return known.epoch;
  const result = await appendEpoch(eventLog, runtime, 'no-stream');
  // Ours or another process's, or of unknown fate: the log itself says which one counts.
  const begun = await newestEpoch(eventLog);
  if (begun === undefined) throw new EventLogUnavailable(`no epoch could be begun: ${result.kind}`);
  return begun.epoch;
}

/** An older copy of the log was put in the place of a newer one. */
export interface OlderLog {
  /** Where the log ends. */
  readonly head: Position;
  /** How far its readers had got. */
  readonly seen: Position;
  /** The history that the log had until now. */
  readonly before: string;
}

/**
 * Begins a new epoch when `witness` has seen more of the present one than the log holds: an older copy was restored.
 * Soon it would grow over what was seen, with other events, and nobody could tell any more. So this comes before
 * anything else is appended. `undefined`: the log is as new as it was. Throws `EventLogUnavailable`.
 */
export async function beginEpochOfOlderLog(
  eventLog: EventLog,
  runtime: Runtime,
  witness: LogWitness,
): Promise<OlderLog | undefined> {
  const known = await newestEpoch(eventLog);
  if (known === undefined) return undefined;
  // In this order: what was seen before is in a log that has lost nothing.
  const seen = await witness.newestSeen(known.epoch);
  const head = await eventLog.head();
  if (seen <= head) return undefined;
  // In a conflict another process was faster, and has begun it.
  const result = await appendEpoch(eventLog, runtime, known.revision);
  if (result.kind === 'unknown') throw new EventLogUnavailable(`no epoch could be begun: ${result.cause}`);
  return { head, seen, before: known.epoch };
}

/** The newest revision of `log-epoch` among events that go by; -1 while there was none. */
export class EpochRevision {
  #revision = -1;

  get revision(): number {
    return this.#revision;
  }

  note({ stream, revision }: RecordedEvent): void {
    if (stream === streams.logEpoch) this.#revision = revision;
  }
}

/**
 * Begins a new epoch behind a copy whose newest EpochBegun has `revision` (-1: it has none), unless one follows there
 * already: what is derived from the log's positions is to be made again, once. Answers whether it was begun now.
 * Throws `EventLogUnavailable`.
 */
export async function beginEpochBehind(
  eventLog: EventLog,
  runtime: Runtime,
  revision: number,
): Promise<boolean> {
  if (await isEpochBehind(eventLog, revision)) return false;
  const result = await appendEpoch(eventLog, runtime, revision < 0 ? 'no-stream' : revision);
  if (result.kind === 'appended') return true;
  if (await isEpochBehind(eventLog, revision)) return false;
  throw new EventLogUnavailable(`no epoch could be begun: ${result.kind}`);
}

/** Whether an epoch begins in the log after `revision` of its stream. Throws `EventLogUnavailable`. */
async function isEpochBehind(eventLog: EventLog, revision: number): Promise<boolean> {
  const newest = await newestEpoch(eventLog);
  return newest !== undefined && newest.revision > revision;
}

function appendEpoch(
  eventLog: EventLog,
  runtime: Runtime,
  expected: ExpectedRevision,
): Promise<AppendResult> {
  const commandId = runtime.ids.next();
  const event: LogEpochEvent = { type: 'EpochBegun', data: { epoch: runtime.ids.next() } };
  return eventLog.append(streams.logEpoch, expected, [
    {
      id: runtime.ids.next(),
      type: event.type,
      data: event.data,
      metadata: {
        $correlationId: commandId,
        $causationId: commandId,
        actor: 'system:log-epoch',
        commandId,
        bodyHash: bodyHashOf(event.data),
        timeMs: runtime.clock.nowMs(),
        schemaVersion: schemaVersionOf(event.type),
      },
    },
  ]);
}

/** The newest EpochBegun; `undefined` while the log has no name. Throws `EventLogUnavailable`. */
export async function newestEpoch(
  eventLog: EventLog,
): Promise<{ readonly epoch: string; readonly revision: number } | undefined> {
  const newest = eventLog.readStream(streams.logEpoch, { direction: 'backwards', maxCount: 1 });
  for await (const recorded of newest) {
    return { epoch: eventOf<LogEpochEvent>(recorded).data.epoch, revision: recorded.revision };
  }
  return undefined;
}

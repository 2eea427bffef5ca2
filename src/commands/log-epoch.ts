import type { LogEpochEvent } from '../domain/log-epoch.ts';
import { streams } from '../domain/streams.ts';
import { schemaVersionOf } from '../domain/upcast.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { bodyHashOf } from './canonical-json.ts';
import type { AppendResult, EventLog, ExpectedRevision } from './event-log.ts';
import { EventLogUnavailable } from './event-log.ts';
import { eventOf } from './loaded-aggregate.ts';

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

/** Begins a new epoch: what is derived from the log's positions is to be made again. Throws `EventLogUnavailable`. */
export async function beginLogEpoch(eventLog: EventLog, runtime: Runtime): Promise<void> {
  const newest = await newestEpoch(eventLog);
  const result = await appendEpoch(eventLog, runtime, newest?.revision ?? 'no-stream');
  if (result.kind !== 'appended') throw new EventLogUnavailable(`no epoch could be begun: ${result.kind}`);
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

async function newestEpoch(eventLog: EventLog): Promise<{ epoch: string; revision: number } | undefined> {
  const newest = eventLog.readStream(streams.logEpoch, { direction: 'backwards', maxCount: 1 });
  for await (const recorded of newest) {
    return { epoch: eventOf<LogEpochEvent>(recorded).data.epoch, revision: recorded.revision };
  }
  return undefined;
}

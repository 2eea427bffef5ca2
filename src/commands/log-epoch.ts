import type { LogEpochEvent } from '../domain/log-epoch.ts';
import { streams } from '../domain/streams.ts';
import { schemaVersionOf } from '../domain/upcast.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { bodyHashOf } from './canonical-json.ts';
import type { EventLog } from './event-log.ts';
import { EventLogUnavailable } from './event-log.ts';
import { eventOf } from './loaded-aggregate.ts';

/**
 * The name of this log's history: what the newest EpochBegun says, and on the very first start a new one.
 * Several processes may call it at once: the first one names it. Throws `EventLogUnavailable`.
 */
export async function ensureLogEpoch(eventLog: EventLog, runtime: Runtime): Promise<string> {
  const known = await currentEpoch(eventLog);
  if (known !== undefined) return known;
  const commandId = runtime.ids.next();
  const event: LogEpochEvent = { type: 'EpochBegun', data: { epoch: runtime.ids.next() } };
  const result = await eventLog.append(streams.logEpoch, 'no-stream', [
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
  // Ours or another process's, or of unknown fate: the log itself says which one counts.
  const begun = await currentEpoch(eventLog);
  if (begun === undefined) throw new EventLogUnavailable(`no epoch could be begun: ${result.kind}`);
  return begun;
}

async function currentEpoch(eventLog: EventLog): Promise<string | undefined> {
  const newest = eventLog.readStream(streams.logEpoch, { direction: 'backwards', maxCount: 1 });
  for await (const recorded of newest) return eventOf<LogEpochEvent>(recorded).data.epoch;
  return undefined;
}

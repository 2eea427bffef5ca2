import { pino } from 'pino';
import { createEventStoreEventLog } from '../../infra/eventstore/eventstore-event-log.ts';
import { type EngineUrls, useEngines } from '../../infra/supervisor/engines.ts';
import type { EventLog } from '../commands/event-log.ts';
import type { Settings } from '../config/settings.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { systemRuntime } from '../runtime/system-runtime.ts';

/**
 * Runs `work` on the log of the settings: an outside store, the one of the server that runs on the data folder,
 * or the embedded node, started for as long as the work takes.
 */
export async function withLog<T>(
  settings: Settings,
  work: (log: EventLog, runtime: Runtime, engines: EngineUrls) => Promise<T>,
): Promise<T> {
  const runtime = systemRuntime();
  const logger = pino({ level: 'silent' });
  return useEngines({ settings, runtime, logger }, async (engines) => {
    const log = createEventStoreEventLog({ url: engines.esdbUrl, runtime, logger });
    try {
      return await work(log, runtime, engines);
    } finally {
      await log.close();
    }
  });
}

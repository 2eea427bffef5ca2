import { existsSync } from 'node:fs';
import { type Logger, pino } from 'pino';
import { createEventStoreEventLog } from '../../infra/eventstore/eventstore-event-log.ts';
import { type EngineUrls, useEngines } from '../../infra/supervisor/engines.ts';
import type { EventLog } from '../commands/event-log.ts';
import { OperatorError } from '../config/operator-error.ts';
import type { Settings } from '../config/settings.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { systemRuntime } from '../runtime/system-runtime.ts';

/**
 * Runs `work` on the log of the settings: an outside store, the one of the server that runs on the data folder,
 * or the embedded node, started for as long as the work takes. `logLogger` is told of the log's own troubles.
 */
export async function withLog<T>(
  settings: Settings,
  work: (log: EventLog, runtime: Runtime, engines: EngineUrls) => Promise<T>,
  logLogger: Logger = pino({ level: 'silent' }),
): Promise<T> {
  const runtime = systemRuntime();
  const logger = pino({ level: 'silent' });
  refuseMissingData(settings);
  return useEngines({ settings, runtime, logger }, async (engines) => {
    const log = createEventStoreEventLog({ url: engines.esdbUrl, runtime, logger: logLogger });
    try {
      return await work(log, runtime, engines);
    } finally {
      await log.close();
    }
  });
}

/** A tool looks at what is there: a mistyped folder must not become a new one, with new engines in it. */
export function refuseMissingData({ esdbUrl, databaseUrl, dataFolder }: Settings): void {
  const usesFolder = esdbUrl === undefined || databaseUrl === undefined;
  if (!usesFolder || existsSync(dataFolder)) return;
  throw new OperatorError(
    `There is no data in ${dataFolder}. Set HONGBAO_DATA to the folder of a hongbao that has run, or start one with \`hongbao up\`.`,
  );
}

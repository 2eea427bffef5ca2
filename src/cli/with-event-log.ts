import { pino } from 'pino';
import { createEventStoreEventLog } from '../../infra/eventstore/eventstore-event-log.ts';
import { useEventNode } from '../../infra/supervisor/engines.ts';
import type { EventLog } from '../commands/event-log.ts';
import type { Settings } from '../config/settings.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { refuseMissingData } from './with-log.ts';

export interface WithEventLogOptions {
  readonly settings: Settings;
  readonly runtime: Runtime;
  /** For a command that fills a log: no server may run on it, and the data folder is made when it is missing. */
  readonly filling: boolean;
}

/** Runs `work` on the log of the settings as `withLog` does, for a command that needs no database. */
export async function withEventLog<T>(
  { settings, runtime, filling }: WithEventLogOptions,
  work: (log: EventLog) => Promise<T>,
): Promise<T> {
  const logger = pino({ level: 'silent' });
  // With an outside log the folder does not matter.
  if (!filling && settings.esdbUrl === undefined) refuseMissingData(settings);
  return useEventNode({ settings, runtime, logger, alone: filling }, async (url) => {
    const log = createEventStoreEventLog({ url, runtime, logger });
    try {
      return await work(log);
    } finally {
      await log.close();
    }
  });
}

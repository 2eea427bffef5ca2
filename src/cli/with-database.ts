import type pg from 'pg';
import { type Logger, pino } from 'pino';
import { createPool } from '../../infra/postgres/pool.ts';
import { useEngines } from '../../infra/supervisor/engines.ts';
import type { Settings } from '../config/settings.ts';
import { systemRuntime } from '../runtime/system-runtime.ts';
import { refuseMissingData } from './with-log.ts';

/**
 * Runs `work` on the database of the settings: an outside one, that of the server that runs on the data folder,
 * or the embedded one, started for as long as the work takes. An outside one needs no log and no data folder.
 */
export async function withDatabase<T>(
  settings: Settings,
  work: (pool: pg.Pool, logger: Logger) => Promise<T>,
): Promise<T> {
  const logger = pino({ level: 'silent' });
  const onPool = async (databaseUrl: string): Promise<T> => {
    const pool = createPool({ databaseUrl, applicationName: 'hongbao cli', logger });
    try {
      return await work(pool, logger);
    } finally {
      await pool.end();
    }
  };
  if (settings.databaseUrl !== undefined) return onPool(settings.databaseUrl);
  refuseMissingData(settings);
  return useEngines({ settings, runtime: systemRuntime(), logger }, ({ databaseUrl }) => onPool(databaseUrl));
}

import type pg from 'pg';
import { pino } from 'pino';
import { createPool } from '../../infra/postgres/pool.ts';
import { OperatorError } from '../config/operator-error.ts';
import type { Settings } from '../config/settings.ts';
import { RebuildAborted } from '../projections/rebuild/rebuild-errors.ts';
import type { RebuildDeps } from '../projections/rebuild/rebuild-context.ts';
import { RebuildUnderWay } from '../projections/rebuild/rebuild-lock.ts';
import { systemRuntime } from '../runtime/system-runtime.ts';
import { CliError, exitCodes } from './cli-error.ts';
import { copyWorkerThreads } from './copy-workers.ts';
import { interruptible } from './interruptible.ts';
import { withLog } from './with-log.ts';

/**
 * Runs `work` on the log and on the database with the read models, beside a running server or without one, until
 * it is done or interrupted (see `interruptible`). Another process at work on the same read models, and an abort,
 * end the command with a sentence.
 */
export async function withReadSide<T>(
  settings: Settings,
  work: (deps: RebuildDeps, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return interruptible(systemRuntime(), (signal) =>
    withLog(settings, async (log, runtime, engines) => {
      const { databaseUrl } = engines;
      const logger = pino({ level: 'silent' });
      const pool = createPool({ databaseUrl, applicationName: 'hongbao cli', logger });
      try {
        await refuseWithoutReadModels(pool);
        signal.throwIfAborted();
        const copyWorkers = copyWorkerThreads(engines);
        return await work({ log, pool, runtime, logger, copyWorkers }, signal);
      } catch (error) {
        throw asSentence(error);
      } finally {
        await pool.end();
      }
    }),
  );
}

function asSentence(error: unknown): unknown {
  if (error instanceof RebuildUnderWay) {
    return new CliError(`${error.message}. Try again when that has ended.`, exitCodes.unavailable);
  }
  if (error instanceof RebuildAborted) {
    return new CliError('Aborted: what was not swapped in yet is as it was.', exitCodes.unavailable);
  }
  return error;
}

async function refuseWithoutReadModels(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ exists: boolean }>(
    "select to_regclass('projection.generation') is not null as exists",
  );
  if (rows[0]?.exists === true) return;
  throw new OperatorError(
    'The database has no read models yet: start the server on it once, with `hongbao up`.',
  );
}

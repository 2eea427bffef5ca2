import type pg from 'pg';
import type { EventLog } from '../commands/event-log.ts';
import type { WriteSide } from '../commands/write-side.ts';
import type { ProjectionRunner } from '../projections/runner.ts';

export interface ReadinessParts {
  readonly eventLog: EventLog;
  readonly pool: pg.Pool;
  readonly runner: ProjectionRunner;
  readonly writeSide: Pick<WriteSide, 'processManagers'>;
}

/** What must work for a process to serve. Each check answers `undefined`, or what is wrong. */
export function readinessOf({ eventLog, pool, runner, writeSide }: ReadinessParts) {
  return {
    'event store': async () => {
      await eventLog.head();
      return undefined;
    },
    database: async () => {
      await pool.query('select 1');
      return undefined;
    },
    projections: async () => {
      const failed = runner.status().filter(({ failure }) => failure !== undefined);
      return failed.length === 0
        ? undefined
        : failed
            .map(({ projection, failure }) => `${projection}: ${JSON.stringify(failure, bigintAsText)}`)
            .join('; ');
    },
    'process managers': async () => {
      const stuck = writeSide.processManagers().filter(({ poison }) => poison !== undefined);
      return stuck.length === 0 ? undefined : JSON.stringify(stuck, bigintAsText);
    },
  };
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

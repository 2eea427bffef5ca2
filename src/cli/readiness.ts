import type pg from 'pg';
import type { EventLog } from '../commands/event-log.ts';
import type { WriteSide } from '../commands/write-side.ts';
import { describeOwners, partitionOwners } from '../projections/partition-owners.ts';
import type { ProjectionRunner } from '../projections/runner.ts';
import { stopsOf } from '../projections/stop.ts';
import { storedStops } from '../projections/stored-stops.ts';
import type { SharedLeaseStore } from '../runtime/leases.ts';

/** That a check is passed, with what there is to say about it. */
interface Passed {
  readonly passed: string;
}

export interface ReadinessParts {
  readonly eventLog: EventLog;
  readonly pool: pg.Pool;
  readonly leases: Pick<SharedLeaseStore, 'list'>;
  readonly runner: ProjectionRunner;
  readonly writeSide: Pick<WriteSide, 'processManagers'>;
  /** How the names of the projectors begin that work for this process. Default: it has none but itself. */
  readonly projectors?: string | undefined;
}

/** What must work for a process to serve. Each check answers that it is passed, or what is wrong. */
export function readinessOf({ eventLog, pool, leases, runner, writeSide, projectors }: ReadinessParts) {
  return {
    'event store': async () => {
      await eventLog.head();
      return undefined;
    },
    database: async () => {
      await pool.query('select 1');
      return undefined;
    },
    projections: async (): Promise<Passed | string> => {
      const own = runner.status().flatMap(stopsOf);
      const failed =
        projectors === undefined ? own : [...own, ...(await storedStops(pool, leases, projectors))];
      if (failed.length > 0) {
        return JSON.stringify(failed);
      }
      const owners = await partitionOwners(leases);
      return {
        passed: owners.size === 0 ? 'nobody has a partition' : `partitions ${describeOwners(owners)}`,
      };
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

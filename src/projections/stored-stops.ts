import type pg from 'pg';
import type { SharedLeaseStore } from '../runtime/leases.ts';
import { partitionOwners } from './partition-owners.ts';
import { readStoredStatus } from './read-status.ts';
import { type Stop, stopsOf } from './stop.ts';

/**
 * The partitions that stand still with other processes, as those have recorded them: of the processes whose names
 * begin with `owners`. What nobody keeps at the moment is nobody's stop.
 */
export async function storedStops(
  pool: pg.Pool,
  leases: Pick<SharedLeaseStore, 'list'>,
  owners: string,
): Promise<readonly Stop[]> {
  const ownerOf = await partitionOwners(leases);
  const stored = await readStoredStatus(pool);
  return stored
    .filter(({ state, partition }) => state === 'live' && ownerOf.get(partition)?.startsWith(owners) === true)
    .flatMap(({ failure, ...status }) => stopsOf({ ...status, failure: failure ?? undefined }));
}

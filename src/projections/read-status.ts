import type pg from 'pg';
import type { Position } from '../commands/event-log.ts';
import type { Generation } from './generations.ts';
import type { ProjectionFailure } from './projection-failure.ts';
import { sqlOn } from './sql.ts';

/** Where one partition of one generation stands, as the database knows it. */
export interface StoredStatus {
  readonly projection: string;
  readonly generation: number;
  readonly version: number;
  readonly state: Generation['state'];
  readonly partition: number;
  /** How many the generation has. */
  readonly partitionCount: number;
  readonly epoch: string;
  readonly position: Position;
  readonly failure: ProjectionFailure | null;
}

/** All generations that have checkpoints, from any process: for `status` of the CLI and for health checks. */
export async function readStoredStatus(pool: pg.Pool): Promise<readonly StoredStatus[]> {
  const rows = await sqlOn(pool).query<Omit<StoredStatus, 'position'> & { position: string }>(
    `select g.name as projection, g.number as generation, g.version, g.state, c.partition,
       g.partitions as "partitionCount", c.epoch,
       c.position::text, c.failure
     from projection.generation g
     join projection.checkpoint c on c.name = g.name and c.generation = g.number
     order by g.name, g.number, c.partition`,
  );
  return rows.map((row) => ({ ...row, position: BigInt(row.position) }));
}

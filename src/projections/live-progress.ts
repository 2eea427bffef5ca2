import type pg from 'pg';
import type { ProjectionProgress } from './bus.ts';
import { sqlOn } from './sql.ts';

interface ProgressRow {
  readonly projection: string;
  readonly generation: number;
  readonly partitionCount: number;
  readonly partition: number;
  /** Decimal numbers. */
  readonly changed: string;
  readonly reached: string;
}

/** How far the live read models are, as the database knows it, whichever process keeps them. */
export async function liveProgress(pool: pg.Pool): Promise<readonly ProjectionProgress[]> {
  const rows = await sqlOn(pool).query<ProgressRow>(
    `select g.name as projection, g.number as generation, g.partitions as "partitionCount", c.partition,
       c.changed::text as changed, c.position::text as reached
     from projection.generation g
     join projection.checkpoint c on c.name = g.name and c.generation = g.number
     where g.state = 'live'`,
  );
  return rows.map(({ partition, changed, reached, ...row }) => ({
    ...row,
    partitions: [partition],
    changed: BigInt(changed),
    reached: BigInt(reached),
  }));
}

import { limits } from '../../config/limits.ts';
import type { Generation } from '../generations.ts';
import { schemaOf } from '../generations.ts';
import type { Projection } from '../projection.ts';
import type { Sql } from '../sql.ts';

/** A row that only one side has. A row with two contents is two of these. */
export interface RowDifference {
  readonly projection: string;
  readonly table: string;
  /** `live`: the replay does not make this row. `replay`: the live tables lack it. */
  readonly onlyIn: 'live' | 'replay';
  /** The row as JSON. */
  readonly row: string;
}

/** What a comparison found. */
export interface Comparison {
  /** All rows that only one side has. */
  readonly count: number;
  /** The first of each table, at most `limits.projections.differencesShownMax`. */
  readonly differences: readonly RowDifference[];
}

/** Takes every difference as it is found; the comparison goes on when it has. */
export type OnDifference = (difference: RowDifference) => void | Promise<void>;

/**
 * Compares all tables of two generations of one projection, which must stand at the same position: each in its
 * own snapshot. A digest per table first, which the database computes; rows only where the digests differ. However
 * many do, few are in memory at a time: `onDifference` gets them all.
 */
export async function compareGenerations(
  projection: Projection,
  live: { readonly sql: Sql; readonly generation: Generation },
  replay: { readonly sql: Sql; readonly generation: Generation },
  onDifference: OnDifference = () => {},
): Promise<Comparison> {
  const differences: RowDifference[] = [];
  let count = 0;
  for (const table of projection.tables) {
    const inLive = qualified(live.generation, table);
    const inReplay = qualified(replay.generation, table);
    const [one, other] = await Promise.all([digest(live.sql, inLive), digest(replay.sql, inReplay)]);
    if (one === other) continue;
    const rows = differingRows(orderedRows(live.sql, inLive), orderedRows(replay.sql, inReplay));
    let ofTable = 0;
    for await (const { onlyIn, row } of rows) {
      const difference: RowDifference = { projection: projection.name, table, onlyIn, row };
      if (ofTable < limits.projections.differencesShownMax) differences.push(difference);
      ofTable += 1;
      await onDifference(difference);
    }
    count += ofTable;
  }
  return { count, differences };
}

function qualified(generation: Generation, table: string): string {
  return `${schemaOf(generation.name, generation.number)}.${table}`;
}

/** Row count and the sum of the rows' hashes: the same for the same rows in any order. */
async function digest(sql: Sql, table: string): Promise<string> {
  const [row] = await sql.query<{ digest: string }>(
    `select count(*)::text || ':' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text as digest
     from ${table} t`,
  );
  return row?.digest ?? '';
}

/** Merges two ordered lists and yields what only one has. */
async function* differingRows(
  live: AsyncGenerator<string>,
  replay: AsyncGenerator<string>,
): AsyncGenerator<Pick<RowDifference, 'onlyIn' | 'row'>> {
  let one = await live.next();
  let other = await replay.next();
  while (!(one.done && other.done)) {
    if (!one.done && !other.done && one.value === other.value) {
      one = await live.next();
      other = await replay.next();
    } else if (!one.done && (other.done || byCodePoints(one.value, other.value) < 0)) {
      yield { onlyIn: 'live', row: one.value };
      one = await live.next();
    } else if (!other.done) {
      yield { onlyIn: 'replay', row: other.value };
      other = await replay.next();
    }
  }
}

/** The order of `collate "C"`: by UTF-8 bytes. */
function byCodePoints(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

async function* orderedRows(sql: Sql, table: string): AsyncGenerator<string> {
  const cursor = `rows_of_${table.replace('.', '_')}`;
  await sql.execute(
    `declare ${cursor} no scroll cursor for
     select to_jsonb(t)::text as row from ${table} t order by (to_jsonb(t)::text) collate "C"`,
  );
  for (;;) {
    const rows = await sql.query<{ row: string }>(
      `fetch ${limits.projections.compareFetchRows} from ${cursor}`,
    );
    if (rows.length === 0) return;
    for (const { row } of rows) yield row;
  }
}

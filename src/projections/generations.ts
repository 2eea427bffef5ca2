import { START } from '../commands/event-log.ts';
import { limits } from '../config/limits.ts';
import type { Projection } from './projection.ts';
import type { Sql } from './sql.ts';

export interface Generation {
  readonly name: string;
  readonly number: number;
  /** Of the declaration that fills it. */
  readonly version: number;
  /** How many partitions it has, from its making to its end. */
  readonly partitions: number;
  readonly state: 'live' | 'shadow' | 'retired';
}

/** The schema that holds a generation's tables. The name is the code's own, so that it needs no quoting. */
export function schemaOf(name: string, number: number): string {
  if (!/^[a-z][a-z_]*$/.test(name) || !Number.isSafeInteger(number)) {
    throw new RangeError(`${name} is not a projection's name`);
  }
  return `${name}_g${number}`;
}

/** The generations of a projection, or of every one, that have tables, in order. */
export function loadGenerations(sql: Sql, name?: string): Promise<Generation[]> {
  return sql.query<Generation>(
    `select name, number, version, partitions, state from projection.generation
     where ($1::text is null or name = $1) and state <> 'dropped' order by name, number`,
    [name ?? null],
  );
}

/** The generation that reads show; `undefined` before the first start. */
export async function loadLiveGeneration(sql: Sql, name: string): Promise<Generation | undefined> {
  const generations = await loadGenerations(sql, name);
  return generations.find((generation) => generation.state === 'live');
}

/** The most partitions that any live generation has; 0 before the first one is made. */
export async function mostPartitions(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ most: number }>(
    `select coalesce(max(partitions), 0)::integer as most from projection.generation where state = 'live'`,
  );
  return row?.most ?? 0;
}

/**
 * Makes the projection's first generation, empty, and live at once. Does nothing when there is one. Runs in the
 * caller's transaction; of several processes that start together one makes it, the others wait for that.
 */
export async function ensureFirstGeneration(
  tx: Sql,
  projection: Projection,
  epoch: string,
  partitions?: number,
): Promise<void> {
  await lockGenerations(tx, projection.name);
  if ((await loadGenerations(tx, projection.name)).length > 0) return;
  const generation = await createGeneration(tx, projection, epoch, 'live', partitions);
  await createIndexes(tx, projection, generation);
  for (const table of projection.tables) await showInView(tx, table, generation, undefined);
}

/** Makes an empty generation: bookkeeping with that many partitions, schema and tables, no secondary indexes. */
export async function createGeneration(
  tx: Sql,
  projection: Projection,
  epoch: string,
  state: 'live' | 'shadow',
  partitions: number = limits.projections.partitions,
): Promise<Generation> {
  const { name, version } = projection;
  await lockGenerations(tx, name);
  const [row] = await tx.query<{ number: number }>(
    `insert into projection.generation (name, number, version, state, partitions)
     select $1, coalesce(max(number), 0) + 1, $2, $3, $4 from projection.generation where name = $1
     returning number`,
    [name, version, state, partitions],
  );
  if (row === undefined) throw new Error(`no generation of ${name} was made`);
  await tx.execute(
    `insert into projection.checkpoint (name, generation, partition, epoch, position, changed)
     select $1, $2, partition, $3, $4, $4 from generate_series(0, $5 - 1) as partition`,
    [name, row.number, epoch, START.toString(), partitions],
  );
  const schema = schemaOf(name, row.number);
  await tx.execute(`create schema ${schema}`);
  if (projection.ddl !== '') await inSchema(tx, schema, projection.ddl);
  return { name, number: row.number, version, partitions, state };
}

/** Makes the secondary indexes of a generation whose tables are full. */
export async function createIndexes(tx: Sql, projection: Projection, generation: Generation): Promise<void> {
  if (projection.indexes === '') return;
  await inSchema(tx, schemaOf(generation.name, generation.number), projection.indexes);
}

/**
 * Points a view in the schema `read` at a generation's table. Reads that are under way finish on the old one.
 * `before` is the generation that it showed: another version's table may have other columns, and a view that
 * changes its columns has to be made anew.
 */
export async function showInView(
  tx: Sql,
  table: string,
  generation: Generation,
  before: Generation | undefined,
): Promise<void> {
  const schema = schemaOf(generation.name, generation.number);
  if (before !== undefined && before.version !== generation.version) {
    await tx.execute(`drop view if exists read.${table}`);
  }
  await tx.execute(`create or replace view read.${table} as select * from ${schema}.${table}`);
}

/**
 * Drops a generation that is not live: its tables and its checkpoints. Its number stays used, so that nothing
 * that still writes, or speaks on the bus, in its name can be taken for a newer one. Safe to repeat.
 */
export async function dropGeneration(
  tx: Sql,
  generation: Pick<Generation, 'name' | 'number'>,
): Promise<void> {
  const { name, number } = generation;
  const [row] = await tx.query<{ state: string }>(
    'select state from projection.generation where name = $1 and number = $2 for update',
    [name, number],
  );
  if (row?.state === 'live') throw new Error(`generation ${number} of ${name} is live`);
  await tx.execute(`drop schema if exists ${schemaOf(name, number)} cascade`);
  await tx.execute('delete from projection.checkpoint where name = $1 and generation = $2', [name, number]);
  await tx.execute(`update projection.generation set state = 'dropped' where name = $1 and number = $2`, [
    name,
    number,
  ]);
}

/** Serialises those who add generations to a projection, until the end of the transaction. */
async function lockGenerations(tx: Sql, name: string): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('projection ' || $1, 0))`, [name]);
}

async function inSchema(tx: Sql, schema: string, statements: string): Promise<void> {
  await tx.execute(`set local search_path to ${schema}`);
  await tx.execute(statements);
  await tx.execute('set local search_path to default');
}

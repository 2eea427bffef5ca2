import type pg from 'pg';
import type { EventLog } from '../../src/commands/event-log.ts';
import { allProjections } from '../../src/projections/all-projections.ts';
import { feedEntry } from '../../src/projections/feed-entry.ts';
import { createGeneration, dropGeneration, schemaOf } from '../../src/projections/generations.ts';
import type { ProjectedEvent } from '../../src/projections/projected-event.ts';
import type { Sql } from '../../src/projections/sql.ts';
import { inTransaction } from '../../src/projections/transaction.ts';

/** As our own rebuild: a crash of the database may take the last moments with it. */
const settings = { disposable: true };

/**
 * The plain projectors that a rebuild is compared with: the same log, folds, tables and statements, but each event by
 * itself. `eventsPerTransaction` is 1 for a transaction per event. Stops after `eventsMax` events; answers how many it
 * projected.
 */
export async function projectOneByOne(
  log: EventLog,
  pool: pg.Pool,
  { eventsPerTransaction, eventsMax }: { readonly eventsPerTransaction: number; readonly eventsMax: number },
): Promise<number> {
  const generations = await inTransaction(pool, settings, async (tx) => {
    const made = [];
    for (const projection of allProjections)
      made.push(await createGeneration(tx, projection, 'bench', 'shadow'));
    return made;
  });
  let projected = 0;
  let batch: ProjectedEvent[] = [];
  const flush = async (): Promise<void> => {
    const events = batch;
    batch = [];
    projected += events.length;
    await inTransaction(pool, settings, async (tx) => {
      for (const event of events) await project(tx, event);
      await moveCheckpoint(tx, events.at(-1)?.position ?? 0n);
    });
  };
  const project = async (tx: Sql, event: ProjectedEvent): Promise<void> => {
    for (const [index, { streamPrefixes, fold }] of allProjections.entries()) {
      const generation = generations[index];
      if (generation === undefined || !streamPrefixes.some((prefix) => event.stream.startsWith(prefix)))
        continue;
      await fold([event]).write(tx, schemaOf(generation.name, generation.number));
    }
  };
  const moveCheckpoint = async (tx: Sql, position: bigint): Promise<void> => {
    const [first] = generations;
    await tx.execute(
      `update projection.checkpoint set position = $3 where name = $1 and generation = $2 and partition = 0`,
      [first?.name, first?.number, position.toString()],
    );
  };
  for await (const recorded of log.readAll()) {
    const { event } = feedEntry(recorded);
    if (event.kind === 'bad') throw event.error;
    batch.push(event.event);
    if (batch.length >= eventsPerTransaction) await flush();
    if (projected >= eventsMax) break;
  }
  for (const generation of generations)
    await inTransaction(pool, settings, (tx) => dropGeneration(tx, generation));
  return projected;
}

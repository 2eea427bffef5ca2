import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allProjections } from '../../../src/projections/all-projections.ts';
import { loadGenerations } from '../../../src/projections/generations.ts';
import { rebuild } from '../../../src/projections/rebuild/rebuild.ts';
import type { RebuildProgress } from '../../../src/projections/rebuild/rebuild-progress.ts';
import { sqlOn } from '../../../src/projections/sql.ts';
import { type PostgresProcess, startPostgresProcess } from '../../support/postgres-process.ts';
import { fixedSteps, HistoryWriter } from '../../support/random-history.ts';
import { expectTablesToEqualLog, logger, type ReadSide, runtime, startReadSide } from './support.ts';

/*
 * PostgreSQL ends as in a crash, again and again, while projections and rebuilds are at work. What it had committed
 * last is gone then (its rows do not wait for the disk); they come again from the log.
 */

let postgres: PostgresProcess;
let side: ReadSide;
let writer: HistoryWriter;
let salt = 0;

beforeAll(async () => {
  postgres = await startPostgresProcess();
  side = startReadSide(postgres.pool);
  writer = new HistoryWriter(side.log);
  await play(300);
  await side.settled();
});
afterAll(async () => {
  await side?.stop();
  await postgres?.close();
});

/** Writes on, each time something else. */
async function play(steps: number): Promise<void> {
  salt += 1;
  await writer.play(fixedSteps(steps, salt));
}

/** Whatever became of rebuilds: reads show one generation of each, which holds the whole log. */
async function expectLiveRowsRight(): Promise<void> {
  await side.settled();
  await expectTablesToEqualLog(postgres.pool, side.log.events);
  const live = (await loadGenerations(sqlOn(postgres.pool))).filter(({ state }) => state === 'live');
  expect(live.map(({ name }) => name).sort()).toEqual(allProjections.map(({ name }) => name).sort());
}

describe('a PostgreSQL that crashes', () => {
  it('under load: the projections go on when it is back, with every event in the rows once', async () => {
    for (const _ of [1, 2]) {
      // Not waited for: some of it is being written, some is yet to come.
      await play(200);
      await postgres.crash();
      await play(50);
      await postgres.start();
      await play(50);
    }
    await expectLiveRowsRight();
  });

  it.each<RebuildProgress['phase']>(['copy', 'swap', 'drop'])(
    'when a rebuild is at its %s: the live rows are right, and the next one leaves nothing behind',
    async (fatal) => {
      const crashes: Promise<void>[] = [];
      const rebuilding = rebuild({ log: side.log, pool: postgres.pool, runtime, logger }, allProjections, {
        onProgress({ phase }) {
          // After the copy of the first batch, not before there is anything.
          if (phase === fatal && crashes.length === 0) crashes.push(postgres.crash());
        },
      });
      await play(100);
      const outcome = await rebuilding.then(
        () => 'swapped' as const,
        (error: unknown) => error,
      );
      // What is dropped is what nobody reads any more: by then everything has been swapped in.
      if (fatal === 'drop') expect(outcome).toBe('swapped');
      else expect(outcome).toBeInstanceOf(Error);
      await Promise.all(crashes);
      await postgres.start();
      await expectLiveRowsRight();

      await rebuild({ log: side.log, pool: postgres.pool, runtime, logger }, allProjections);
      await expectLiveRowsRight();
      const generations = await loadGenerations(sqlOn(postgres.pool));
      expect(generations.filter(({ state }) => state !== 'live')).toEqual([]);
    },
  );
});

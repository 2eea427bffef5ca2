import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { fixedSteps, HistoryWriter, historySteps } from '../../support/random-history.ts';
import { tableNames } from '../../support/read-model-oracle.ts';
import { expectTablesToEqualLog, readTables, startReadSide } from './support.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('the read models', () => {
  it('hold what an independent fold of the log says, for a long history that touches every table', async () => {
    const side = startReadSide(database.pool);
    await new HistoryWriter(side.log).play(fixedSteps(3_000));
    await side.settled();
    await expectTablesToEqualLog(database.pool, side.log.events);
    const tables = await readTables(database.pool);
    for (const table of tableNames) expect(tables.get(table)?.length, table).toBeGreaterThan(0);
    await side.stop();
  });

  it('hold it for any history, however it is cut into batches', async () => {
    await fc.assert(
      fc.asyncProperty(historySteps(120), async (steps) => {
        const own = await createTestDatabase();
        const side = startReadSide(own.pool);
        await new HistoryWriter(side.log).play(steps);
        await side.settled();
        await expectTablesToEqualLog(own.pool, side.log.events);
        await side.stop();
        await own.drop();
      }),
      { numRuns: 5 },
    );
  });
});

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../../src/commands/event-log.ts';
import { allProjections } from '../../../src/projections/all-projections.ts';
import { followPositions } from '../../../src/projections/projection-positions.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { fixedSteps, HistoryWriter, historySteps } from '../../support/random-history.ts';
import { tableNames } from '../../support/read-model-oracle.ts';
import { readTables } from '../../support/read-tables.ts';
import { aLog, aNode } from '../eventstore/support.ts';
import { expectTablesToEqualLog, readSideOn, runtime, startReadSide } from './support.ts';

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

  it('hold it over the real client and the real node, also after the projector has begun anew', async () => {
    const [own, { node, close }] = await Promise.all([createTestDatabase(), aNode()]);
    const log = aLog(node.url);
    const writer = new HistoryWriter(log);
    for (const salt of [1, 2]) {
      const side = readSideOn(log, own.pool);
      await writer.play(fixedSteps(300, salt));
      await side.settled();
      await side.stop();
    }
    const events: RecordedEvent[] = [];
    for await (const event of log.readAll()) events.push(event);
    expect(events.length).toBeGreaterThan(100);
    await expectTablesToEqualLog(own.pool, events);
    await log.close();
    await close();
    await own.drop();
  });

  it('answer who waits for their own write, and do not make anyone wait for ever', async () => {
    const own = await createTestDatabase();
    const side = startReadSide(own.pool);
    const positions = followPositions(side.bus, runtime);
    await new HistoryWriter(side.log).play(fixedSteps(50));
    const head = await side.log.head();
    const names = allProjections.map(({ name }) => name);
    expect(await positions.waitFor(names, head)).toBe(true);
    await expectTablesToEqualLog(own.pool, side.log.events);
    expect(await positions.waitFor(['wallet'], head + 1n, 1)).toBe(false);
    expect(await positions.waitFor(['no-such'], 0n, 1)).toBe(false);
    positions.close();
    await side.stop();
    await own.drop();
  });
});

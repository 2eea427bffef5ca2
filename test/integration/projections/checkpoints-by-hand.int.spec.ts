import { beforeEach, describe, expect, it } from 'vitest';
import { streams } from '../../../src/domain/streams.ts';
import { allProjections } from '../../../src/projections/all-projections.ts';
import { auditReadModels } from '../../../src/projections/rebuild/audit-read-models.ts';
import { rebuild } from '../../../src/projections/rebuild/rebuild.ts';
import { userId } from '../../support/domain-fixtures.ts';
import { fixedSteps, HistoryWriter } from '../../support/random-history.ts';
import { expectTablesToEqualLog, logger, type ReadSide, runtime, readSides, untilTrue } from './support.ts';

/*
 * Rows and their checkpoint are written in one transaction, so only a hand or half a restore can part them. What
 * the system knows of it is here: what can be told apart from its own writes is refused, the rest is found by a
 * comparison with a replay, and a rebuild puts everything right.
 */

const sides = readSides();
let side: ReadSide;
let writer: HistoryWriter;

beforeEach(async () => {
  side = sides.start();
  writer = new HistoryWriter(side.log);
  await writer.append(streams.logEpoch, [{ type: 'EpochBegun', data: { epoch: 'first' } }]);
  await writer.play(fixedSteps(300));
  await side.settled();
});

const deps = () => ({ log: side.log, pool: sides.database.pool, runtime, logger });
const setCheckpoints = (what: string): Promise<unknown> =>
  sides.database.pool.query(`update projection.checkpoint set ${what}`);
const addWallet = async (number: number): Promise<void> => {
  const user = userId(number);
  await writer.append(streams.wallet(user), [{ type: 'WalletOpened', data: { userId: user } }]);
};
/** Of all projections, wherever they are not fed: projection and why, each once. */
const reasons = (): string[] => [
  ...new Set(
    side.runner.status().map(({ projection, failure }) => `${projection} ${failure?.reason ?? 'none'}`),
  ),
];
const everyOne = (reason: string): string[] => allProjections.map(({ name }) => `${name} ${reason}`);

describe('a checkpoint that somebody sets', () => {
  it.each([
    ['back, which would have events folded twice', 'position = position - 1'],
    ['back to the beginning', 'position = -1, changed = -1'],
    ['to before the last change of its rows', 'position = -1'],
  ])('%s is refused by the database, whoever writes it, and the rows go on', async (_, change) => {
    await expect(setCheckpoints(change)).rejects.toThrow(/cannot go back to/);
    await addWallet(90);
    await side.settled();
    await expectTablesToEqualLog(sides.database.pool, side.log.events);
  });

  it('to an end that the log has not reached stops the projection, also when the log gets there', async () => {
    await setCheckpoints(`position = ${(await side.log.head()) + 1n}`);
    await untilTrue(() => reasons().join() === everyOne('ahead').join());
    await addWallet(90);
    await addWallet(91);
    expect(reasons()).toEqual(everyOne('ahead'));
    await rebuild(deps(), allProjections);
    await untilTrue(() => reasons().join() === everyOne('none').join());
    await side.settled();
    await expectTablesToEqualLog(sides.database.pool, side.log.events);
  });

  it('to another epoch stops the projection, and a rebuild helps', async () => {
    await setCheckpoints(`epoch = 'another'`);
    await untilTrue(() => reasons().join() === everyOne('epoch').join());
    await addWallet(90);
    await rebuild(deps(), allProjections);
    await untilTrue(() => reasons().join() === everyOne('none').join());
    await side.settled();
    await expectTablesToEqualLog(sides.database.pool, side.log.events);
  });

  it('past events that the rows do not hold is found by a comparison with a replay', async () => {
    await side.stop();
    await addWallet(90);
    await setCheckpoints(`position = ${await side.log.head()}`);
    side = sides.start({ log: side.log });
    await side.settled();
    await addWallet(91);
    await side.settled();
    const differences = await auditReadModels(deps());
    expect(differences.map(({ table, onlyIn }) => `${table} only in ${onlyIn}`)).toEqual([
      'wallet only in replay',
    ]);
    await rebuild(deps(), allProjections);
    await side.settled();
    await expectTablesToEqualLog(sides.database.pool, side.log.events);
  });
});

import { describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../src/commands/event-log.ts';
import { loadGenerations } from '../../src/projections/generations.ts';
import type { Projection } from '../../src/projections/projection.ts';
import { rebuild } from '../../src/projections/rebuild/rebuild.ts';
import { sqlOn } from '../../src/projections/sql.ts';
import { logger, type ReadSide, runtime, readSides, untilTrue } from '../integration/projections/support.ts';
import { fixedSteps, HistoryWriter } from '../support/random-history.ts';
import { messageDaysProjection } from './message-days-projection.ts';

const sides = readSides();

function start(projection: Projection, log?: ReadSide['log']): ReadSide {
  return sides.start({ projections: [projection], ...(log && { log }) });
}

interface DayRow {
  readonly user_id: string;
  readonly day: string;
  readonly messages: number;
}

async function rowsIn(table: string): Promise<DayRow[]> {
  return sqlOn(sides.database.pool).query<DayRow>(
    `select user_id, day, messages from ${table} order by 1, 2`,
  );
}

/** The same, counted on its own. */
function expectedRows(events: Iterable<RecordedEvent>): DayRow[] {
  const counts: Record<string, number> = {};
  for (const { type, data, metadata } of events) {
    if (type !== 'MessageSent') continue;
    const { senderId } = data as { readonly senderId: string };
    const key = `${senderId} ${new Date(metadata.timeMs).toISOString().split('T')[0]}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return Object.entries(counts)
    .map(([key, messages]) => ({ user_id: key.split(' ')[0]!, day: key.split(' ')[1]!, messages }))
    .sort((one, other) => (`${one.user_id} ${one.day}` < `${other.user_id} ${other.day}` ? -1 : 1));
}

describe('messages by user and day', () => {
  it('are what the log says, written live in many batches', async () => {
    const side = start(messageDaysProjection);
    const writer = new HistoryWriter(side.log);
    for (const salt of [1, 2, 3]) {
      await writer.play(fixedSteps(300, salt));
      await side.settled();
    }
    const rows = await rowsIn('read.message_day');
    expect(rows.length).toBeGreaterThan(3);
    expect(rows).toEqual(expectedRows(side.log.events));
  });

  it('are the same when a rebuild folds everything at once', async () => {
    const side = start(messageDaysProjection);
    await new HistoryWriter(side.log).play(fixedSteps(300));
    await side.settled();
    const deps = { log: side.log, pool: sides.database.pool, runtime, logger };
    const [result] = await rebuild(deps, [messageDaysProjection], { compare: true });
    expect(result).toMatchObject({ kind: 'swapped', differences: [] });
    expect(await rowsIn('read.message_day')).toEqual(expectedRows(side.log.events));
  });

  it('of another version are built beside the old ones, switched to, and the old ones dropped', async () => {
    const before = start(messageDaysProjection);
    await new HistoryWriter(before.log).play(fixedSteps(300));
    await before.settled();
    await before.stop();

    // What makes it another version does not matter here: it has a column more.
    const build = Promise.withResolvers<void>();
    const next: Projection = {
      ...messageDaysProjection,
      version: 2,
      ddl: messageDaysProjection.ddl.replace(
        'messages bigint not null,',
        'messages bigint not null,\n      packets bigint not null default 0,',
      ),
      fold(events) {
        const folded = messageDaysProjection.fold(events);
        return {
          async write(tx, schema) {
            // The rebuild stands still here until the test has looked.
            await build.promise;
            return folded.write(tx, schema);
          },
        };
      },
    };
    const side = start(next, before.log);
    const generations = async (): Promise<string[]> =>
      (await loadGenerations(sqlOn(sides.database.pool), 'message_days')).map(
        ({ number, version, state }) => `${number} of version ${version}: ${state}`,
      );
    const isBeside = async (): Promise<boolean> => (await generations()).length === 2;
    await untilTrue(isBeside);
    expect(await generations()).toEqual(['1 of version 1: live', '2 of version 2: shadow']);
    expect(await rowsIn('read.message_day')).toEqual(expectedRows(side.log.events));

    build.resolve();
    await side.settled();
    await untilTrue(async () => !(await isBeside()));
    expect(await generations()).toEqual(['2 of version 2: live']);
    expect(await rowsIn('read.message_day')).toEqual(expectedRows(side.log.events));
    await sides.database.pool.query('select packets from read.message_day');
    await expect(rowsIn('message_days_g1.message_day')).rejects.toThrow('does not exist');
  });
});

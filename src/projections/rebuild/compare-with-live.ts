import type pg from 'pg';
import type { Position } from '../../commands/event-log.ts';
import { OperatorError } from '../../config/operator-error.ts';
import type { Comparison, OnDifference } from './compare.ts';
import { compareGenerations } from './compare.ts';
import { loadLiveGeneration } from '../generations.ts';
import type { LogCut } from './log-cut.ts';
import { firstOf, lastOf, liveCut } from './log-cut.ts';
import type { ShadowWriter } from './shadow-writer.ts';
import { inTransaction } from '../transaction.ts';

/** The live rows are further than the log, which therefore cannot say what they should be. */
export class LiveRowsAhead extends OperatorError {
  override readonly name = 'LiveRowsAhead';
}

/**
 * Compares a shadow with the live generation, row by row at one place in the log, while the live one goes on: a
 * snapshot of the live tables says how far each of their partitions is; the shadow is brought exactly there
 * (`bringTo`); then both are read. The shadow must not be beyond the live generation when this is called. `head`
 * reads the position of the log's newest event, and `onDifference` gets every row that differs.
 *
 * @throws LiveRowsAhead when the live rows are beyond it: brought there, the shadow would miss what comes next.
 */
export function compareWithLive(
  pool: pg.Pool,
  shadow: ShadowWriter,
  head: () => Promise<Position>,
  bringTo: (cut: LogCut) => Promise<unknown>,
  onDifference?: OnDifference,
): Promise<Comparison> {
  const { projection, generation } = shadow;
  return inTransaction(pool, snapshot, async (liveSql) => {
    const live = await loadLiveGeneration(liveSql, projection.name);
    if (live === undefined) throw new Error(`${projection.name} has no live generation`);
    const cut = await liveCut(liveSql, projection.name);
    assertNotAhead(projection.name, lastOf(cut), await head());
    await bringTo(cut);
    if (shadow.position !== firstOf(cut)) {
      throw new Error(
        `the replay of ${projection.name} is at ${shadow.position}, the live rows at ${firstOf(cut)}`,
      );
    }
    return inTransaction(pool, snapshot, (shadowSql) =>
      compareGenerations(
        projection,
        { sql: liveSql, generation: live },
        { sql: shadowSql, generation },
        onDifference,
      ),
    );
  });
}

/** Throws `LiveRowsAhead`. `head` must have been read after `position`, since both move on. */
export function assertNotAhead(name: string, position: Position, head: Position): void {
  if (position <= head) return;
  throw new LiveRowsAhead(
    `The rows of ${name} are at ${position}, beyond the log's end at ${head}: there is no replay to compare them with. Run: hongbao projections rebuild ${name}`,
  );
}

const snapshot = { isolation: 'repeatable read', patient: true } as const;

import type { Position } from '../../commands/event-log.ts';
import { START } from '../../commands/event-log.ts';
import { earliest } from '../earliest.ts';
import { partitionOf } from '../partitions.ts';
import type { Sql } from '../sql.ts';

/**
 * How far the partitions of a generation are, by partition: each follows the log at a pace of its own, so its rows
 * hold a part of the log with an uneven end.
 */
export type LogCut = readonly Position[];

/** Whether an event is in the rows of a generation that is so far. */
export function isBefore(
  event: { readonly stream: string; readonly position: Position },
  cut: LogCut,
): boolean {
  return event.position <= (cut[partitionOf(event.stream, cut.length)] ?? START);
}

/** The position up to which all partitions hold everything. */
export function firstOf(cut: LogCut): Position {
  const [first = START, ...others] = cut;
  return earliest(first, ...others);
}

/** The position beyond which no partition holds anything. */
export function lastOf(cut: LogCut): Position {
  return cut.reduce((last, position) => (position > last ? position : last), START);
}

/** How far a projection's live rows are. */
export async function liveCut(sql: Sql, name: string): Promise<LogCut> {
  const rows = await sql.query<{ position: string }>(
    `select c.position::text as position
     from projection.checkpoint c
     join projection.generation g on g.name = c.name and g.number = c.generation
     where g.name = $1 and g.state = 'live'
     order by c.partition`,
    [name],
  );
  return rows.map(({ position }) => BigInt(position));
}

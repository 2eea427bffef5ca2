import type { UserId } from '../domain/ids.ts';
import { yearOf } from '../domain/packet/packet-limits.ts';
import { bulkRows } from './bulk-rows.ts';
import type { ProjectedEvent } from './projected-event.ts';
import { defineProjection } from './projection.ts';

/** What packets a user has sent and received in a year. */
export interface RecordRow {
  readonly userId: UserId;
  /** By the calendar of China (UTC+8). */
  readonly year: number;
  readonly sentCount: number;
  readonly sentFen: number;
  /** What came back of packets, of whatever year, that expired or were taken back. */
  readonly returnedFen: number;
  /** Shares. */
  readonly receivedCount: number;
  readonly receivedFen: number;
  /** The greatest share. */
  readonly bestFen: number;
  /** How often the user had the greatest share of a packet. */
  readonly luckiestCount: number;
}

/** The select list that makes a `RecordRow`. */
export const recordFields = `user_id as "userId", year, sent_count as "sentCount", sent_fen as "sentFen",
  returned_fen as "returnedFen", received_count as "receivedCount", received_fen as "receivedFen",
  best_fen as "bestFen", luckiest_count as "luckiestCount"`;

const recordRows = bulkRows<RecordRow>([
  { name: 'user_id', type: 'uuid', value: (row) => row.userId },
  { name: 'year', type: 'smallint', value: (row) => row.year },
  { name: 'sent_count', type: 'bigint', value: (row) => row.sentCount },
  { name: 'sent_fen', type: 'bigint', value: (row) => row.sentFen },
  { name: 'returned_fen', type: 'bigint', value: (row) => row.returnedFen },
  { name: 'received_count', type: 'bigint', value: (row) => row.receivedCount },
  { name: 'received_fen', type: 'bigint', value: (row) => row.receivedFen },
  { name: 'best_fen', type: 'bigint', value: (row) => row.bestFen },
  { name: 'luckiest_count', type: 'bigint', value: (row) => row.luckiestCount },
]);

/**
 * The yearly records of users. A user's packets are in all partitions: rows are added to, in one order, so that
 * partitions wait for each other briefly and never in a circle.
 */
export const recordsProjection = defineProjection<readonly RecordRow[], void>({
  name: 'records',
  version: 1,
  streamPrefixes: ['packet-'],
  tables: ['packet_record'],
  ddl: `
    create table packet_record (
      user_id uuid not null,
      year smallint not null,
      sent_count bigint not null,
      sent_fen bigint not null,
      returned_fen bigint not null,
      received_count bigint not null,
      received_fen bigint not null,
      best_fen bigint not null,
      luckiest_count bigint not null,
      primary key (user_id, year)
    ) with (fillfactor = 70);`,
  indexes: '',
  fold: foldRecords,
  async write(tx, schema, records) {
    if (records.length === 0) return;
    await tx.execute(
      `insert into ${schema}.packet_record as t (${recordRows.names})
       select ${recordRows.names} from ${recordRows.source} order by user_id, year
       on conflict (user_id, year) do update set
         sent_count = t.sent_count + excluded.sent_count,
         sent_fen = t.sent_fen + excluded.sent_fen,
         returned_fen = t.returned_fen + excluded.returned_fen,
         received_count = t.received_count + excluded.received_count,
         received_fen = t.received_fen + excluded.received_fen,
         best_fen = greatest(t.best_fen, excluded.best_fen),
         luckiest_count = t.luckiest_count + excluded.luckiest_count`,
      recordRows.values(records),
    );
  },
  changes: () => [],
});

function foldRecords(events: readonly ProjectedEvent[]): readonly RecordRow[] {
  const records = new Map<string, RecordRow>();
  const add = (userId: UserId, timeMs: number, change: (row: RecordRow) => Partial<RecordRow>): void => {
    const year = yearOf(timeMs);
    const key = `${userId}/${year}`;
    const row = records.get(key) ?? emptyRecord(userId, year);
    records.set(key, { ...row, ...change(row) });
  };
  for (const event of events) {
    switch (event.type) {
      case 'PacketSent': {
        const { senderId, totalFen } = event.data;
        add(senderId, event.timeMs, ({ sentCount, sentFen }) => ({
          sentCount: sentCount + 1,
          sentFen: sentFen + totalFen,
        }));
        break;
      }
      case 'PacketGrabbed': {
        const { userId, amountFen } = event.data;
        add(userId, event.timeMs, ({ receivedCount, receivedFen, bestFen }) => ({
          receivedCount: receivedCount + 1,
          receivedFen: receivedFen + amountFen,
          bestFen: Math.max(bestFen, amountFen),
        }));
        break;
      }
      case 'PacketExhausted':
        add(event.data.luckiest, event.timeMs, ({ luckiestCount }) => ({ luckiestCount: luckiestCount + 1 }));
        break;
      case 'PacketRefunded':
      case 'PacketCancelled': {
        const { senderId, amountFen } = event.data;
        add(senderId, event.timeMs, ({ returnedFen }) => ({ returnedFen: returnedFen + amountFen }));
        break;
      }
      default:
        break;
    }
  }
  return [...records.values()];
}

/** A year in which nothing has happened. */
export function emptyRecord(userId: UserId, year: number): RecordRow {
  const sent = { sentCount: 0, sentFen: 0, returnedFen: 0 };
  return { userId, year, ...sent, receivedCount: 0, receivedFen: 0, bestFen: 0, luckiestCount: 0 };
}

import type { UserId } from '../../domain/ids.ts';
import type { WalletEntryRow } from '../../projections/wallet-projection.ts';
import { type CsvValue, csvCell } from '../../protocol/csv-cell.ts';
import type { ReadSide } from '../read-side.ts';

/** Every column with what stands in it. New ones go to the end: programs find these by their place. */
const columns: readonly (readonly [name: string, cell: (row: WalletEntryRow) => CsvValue])[] = [
  ['entryNo', (row) => row.entryNo],
  ['time', (row) => new Date(row.timeMs).toISOString()],
  ['kind', (row) => row.kind],
  ['amountFen', (row) => row.amountFen],
  ['balanceFen', (row) => row.balanceFen],
  ['packetId', (row) => row.packetId],
  ['providerRef', (row) => row.providerRef],
];

export interface StatementRange {
  /** Entries below this number; default: from the newest on. */
  readonly before?: number | undefined;
  readonly rowsMax: number;
  readonly pageRows: number;
}

/**
 * A user's statement as CSV with a line of names, the newest entry first, a page of the read model at a time: no more
 * than that is held, however long it is. Ends after `rowsMax` entries; whoever wants more goes on below the last one.
 */
export async function* statementCsv(
  reads: Pick<ReadSide, 'statement'>,
  userId: UserId,
  { before, rowsMax, pageRows }: StatementRange,
): AsyncGenerator<string, void, undefined> {
  let next = before;
  let left = rowsMax;
  let head = lineOf(columns.map(([name]) => name));
  do {
    const limit = Math.min(pageRows, left);
    const page = await reads.statement(userId, { limit, ...(next !== undefined && { before: next }) });
    left -= page.rows.length;
    next = page.next;
    yield head + page.rows.map((row) => lineOf(columns.map(([, cell]) => cell(row)))).join('');
    head = '';
  } while (next !== undefined && left > 0);
}

function lineOf(cells: readonly CsvValue[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

import { describe, expect, it } from 'vitest';
import { statementCsv } from '../../src/gateway/views/statement-csv.ts';
import type { WalletEntryRow } from '../../src/projections/wallet-projection.ts';
import { alice, packetId } from '../support/domain-fixtures.ts';

function row(entryNo: number, change: Partial<WalletEntryRow> = {}): WalletEntryRow {
  const place = { userId: alice, entryNo, timeMs: Date.UTC(2026, 0, 1), packetId: null, providerRef: null };
  return { ...place, kind: 'deposit', amountFen: 100, balanceFen: entryNo * 100, ...change };
}

/** A statement of these many entries that counts what is asked of it. */
function entries(rows: readonly WalletEntryRow[]) {
  const asked: { before?: number; limit?: number }[] = [];
  return {
    asked,
    async statement(_user: unknown, page: { before?: number; limit?: number }) {
      asked.push(page);
      const below = rows.filter(({ entryNo }) => entryNo < (page.before ?? Number.POSITIVE_INFINITY));
      const shown = below.slice(0, page.limit);
      const last = shown.at(-1);
      return below.length > shown.length && last !== undefined
        ? { rows: shown, next: last.entryNo }
        : { rows: shown };
    },
  };
}

async function linesOf(rows: readonly WalletEntryRow[], range: { before?: number; rowsMax?: number } = {}) {
  const reads = entries(rows);
  const pages = [];
  const bounds = { rowsMax: 1_000, pageRows: 2, ...range };
  for await (const page of statementCsv(reads, alice, bounds)) pages.push(page);
  const lines = pages.join('').split('\r\n');
  expect(lines.pop(), 'every line ends').toBe('');
  return { lines, pages, asked: reads.asked };
}

const numbered = [5, 4, 3, 2, 1].map((entryNo) => row(entryNo));

describe('a statement as CSV', () => {
  it('has a line of names and every entry once, the newest first', async () => {
    const grab = row(6, { kind: 'grab', packetId: packetId(1) });
    const { lines } = await linesOf([
      grab,
      row(5, { amountFen: -7, kind: 'withdrawal', providerRef: 'out' }),
    ]);
    expect(lines).toEqual([
      'entryNo,time,kind,amountFen,balanceFen,packetId,providerRef',
      `6,2026-01-01T00:00:00.000Z,grab,100,600,${packetId(1)},`,
      '5,2026-01-01T00:00:00.000Z,withdrawal,-7,500,,out',
    ]);
  });

  it('is read a page at a time, each from where the one before ended', async () => {
    const { lines, pages, asked } = await linesOf(numbered);
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(['5', '4', '3', '2', '1']);
    expect(pages).toHaveLength(3);
    expect(asked).toEqual([{ limit: 2 }, { limit: 2, before: 4 }, { limit: 2, before: 2 }]);
  });

  it('ends at its bound, and goes on below the last entry', async () => {
    const first = await linesOf(numbered, { rowsMax: 3 });
    expect(first.lines.slice(1).map((line) => line.split(',')[0])).toEqual(['5', '4', '3']);
    const second = await linesOf(numbered, { rowsMax: 3, before: 3 });
    expect(second.lines.slice(1).map((line) => line.split(',')[0])).toEqual(['2', '1']);
  });

  it('of a user without entries is the line of names', async () => {
    expect((await linesOf([])).lines).toHaveLength(1);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '＝1'])(
    'has no cell that a spreadsheet would take for a formula: %j',
    async (providerRef) => {
      const { lines } = await linesOf([row(1, { providerRef })]);
      expect(lines[1]?.split(',').at(-1)).toBe(`'${providerRef}`);
    },
  );

  it('quotes what would end a cell', async () => {
    const { lines } = await linesOf([row(1, { providerRef: 'a,"b"' })]);
    expect(lines[1]?.endsWith(',"a,""b"""')).toBe(true);
  });
});

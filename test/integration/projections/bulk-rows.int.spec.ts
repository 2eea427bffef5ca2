import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bulkRows } from '../../../src/projections/bulk-rows.ts';
import { limits } from '../../../src/config/limits.ts';
import { sqlOn } from '../../../src/projections/sql.ts';
import { inTransaction } from '../../../src/projections/transaction.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

interface Row {
  readonly id: string;
  readonly words: string | null;
  readonly count: number | null;
  readonly flag: boolean | null;
  readonly body: object | null;
}

const rows = bulkRows<Row>([
  { name: 'id', type: 'uuid', value: (row) => row.id },
  { name: 'words', type: 'text', value: (row) => row.words },
  { name: 'count', type: 'bigint', value: (row) => row.count },
  { name: 'flag', type: 'boolean', value: (row) => row.flag },
  { name: 'body', type: 'jsonb', value: (row) => row.body },
]);

/** Text with everything that either of the two forms has a meaning for. */
const hostileText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .array(
      fc.constantFrom(
        '\\',
        '"',
        '\t',
        '\n',
        '\r',
        '{',
        '}',
        ',',
        'NULL',
        '\\N',
        '\\.',
        "'",
        '\b',
        '\v',
        ' ',
        'é',
        '😀',
      ),
    )
    .map((parts) => parts.join('')),
);
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
const anyRow: fc.Arbitrary<Row> = fc.record({
  id: fc.uuid(),
  words: orNull(hostileText),
  count: orNull(fc.maxSafeInteger()),
  flag: orNull(fc.boolean()),
  body: orNull(fc.record({ text: hostileText, list: fc.array(fc.integer()) })),
});

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(
    'create table stored (id uuid, words text, count bigint, flag boolean, body jsonb, place bigint generated always as identity)',
  );
});
afterAll(() => database.drop());

async function stored(some: readonly Row[]): Promise<Row[]> {
  await database.pool.query('truncate stored');
  await inTransaction(database.pool, {}, (tx) => rows.insertInto(tx, 'stored', some));
  return sqlOn(database.pool).query<Row>('select id, words, count, flag, body from stored order by place');
}

describe('rows in bulk', () => {
  it.each([
    ['few, in the arrays of an INSERT', 1],
    ['many, by COPY', limits.projections.copyRowsMin],
  ])('%s, are stored as they are', async (_how, times) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { minLength: 1, maxLength: 5 }), async (some) => {
        const all = Array.from({ length: times }, () => some).flat();
        expect(await stored(all)).toEqual(all);
      }),
      { numRuns: 60 },
    );
  });

  it.each([1, limits.projections.copyRowsMin])(
    'have U+FFFD for the NUL that PostgreSQL has not (%i rows)',
    async (times) => {
      const row = { id: crypto.randomUUID(), words: 'a\0b', count: 1, flag: true, body: null };
      const [first] = await stored(Array.from({ length: times }, () => row));
      expect(first?.words).toBe('a\uFFFDb');
    },
  );

  it('are refused whole by COPY when one of them is wrong, and the connection is good for more', async () => {
    const good = { id: crypto.randomUUID(), words: 'x', count: 1, flag: true, body: null };
    const all = Array.from({ length: limits.projections.copyRowsMin }, () => good);
    await expect(stored([...all, { ...good, id: 'no uuid' }])).rejects.toThrow(/uuid/);
    expect(await stored(all)).toHaveLength(all.length);
  });
});

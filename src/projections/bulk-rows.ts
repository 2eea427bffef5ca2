import { limits } from '../config/limits.ts';
import type { Sql } from './sql.ts';

/** One column of a bulk statement: how a row's value gets into it. */
export interface BulkColumn<Row> {
  readonly name: string;
  /** The SQL type of one value. */
  readonly type: 'uuid' | 'text' | 'bigint' | 'integer' | 'smallint' | 'boolean' | 'jsonb';
  readonly value: (row: Row) => string | number | boolean | null | object;
}

/** Many rows as one SQL relation, one array parameter per column. */
export interface BulkRows<Row> {
  /** `a, b, c` */
  readonly names: string;
  /** `unnest($1::uuid[], ...) as v(a, b, c)` */
  readonly source: string;
  /** The parameters that `source` speaks of: each an array in PostgreSQL's text form. */
  values(rows: readonly Row[]): string[];
  /** Adds the rows to a table of these columns, none of which is there yet. */
  insertInto(tx: Sql, table: string, rows: readonly Row[]): Promise<void>;
}

/**
 * Describes rows for `insert ... select ... from unnest(...)`: one statement, one plan and one round trip for
 * any number of rows. Rows that only need to be added go by COPY when there are many: that spares PostgreSQL the
 * arrays and us their quoting.
 */
export function bulkRows<Row>(columns: readonly BulkColumn<Row>[]): BulkRows<Row> {
  const names = columns.map((column) => column.name).join(', ');
  const parameters = columns.map((column, index) => `$${index + 1}::${column.type}[]`).join(', ');
  const source = `unnest(${parameters}) as v(${names})`;
  const values = (rows: readonly Row[]): string[] => columns.map((column) => arrayText(column, rows));
  return {
    names,
    source,
    values,
    async insertInto(tx, table, rows) {
      if (rows.length === 0) return;
      if (rows.length >= limits.projections.copyRowsMin) {
        await tx.copy(`copy ${table} (${names}) from stdin`, copyText(columns, rows));
      } else {
        await tx.execute(`insert into ${table} (${names}) select ${names} from ${source}`, values(rows));
      }
    },
  };
}

/** An array in PostgreSQL's text form. Written here, since pg quotes every value of it, numbers too. */
function arrayText<Row>(column: BulkColumn<Row>, rows: readonly Row[]): string {
  let text = '{';
  for (const row of rows) {
    const value = plain(column, row);
    if (text.length > 1) text += ',';
    text += value === null ? 'NULL' : typeof value === 'string' ? quoted(value) : value;
  }
  return `${text}}`;
}

const quoted = (text: string): string =>
  arraySpecial.test(text) ? `"${text.replaceAll(arraySpecials, '\\$&')}"` : `"${text}"`;
const arraySpecial = /["\\]/;
const arraySpecials = /["\\]/g;

/** Rows in COPY's text format. */
function copyText<Row>(columns: readonly BulkColumn<Row>[], rows: readonly Row[]): string {
  let text = '';
  for (const row of rows) {
    let separator = '';
    for (const column of columns) {
      const value = plain(column, row);
      text += separator;
      text += value === null ? '\\N' : typeof value === 'string' ? escaped(value) : value;
      separator = '\t';
    }
    text += '\n';
  }
  return text;
}

const escaped = (text: string): string =>
  copySpecial.test(text)
    ? text.replaceAll(copySpecials, (character) => copyEscapes[character] ?? character)
    : text;
const copySpecial = /[\\\t\n\r]/;
const copySpecials = /[\\\t\n\r]/g;
const copyEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function plain<Row>(column: BulkColumn<Row>, row: Row): string | number | boolean | null {
  const value = column.value(row);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (column.type === 'jsonb' || typeof value === 'object') return JSON.stringify(value);
  // PostgreSQL's text has no NUL. A client's own id that holds one must not stop everybody's read model.
  return value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}

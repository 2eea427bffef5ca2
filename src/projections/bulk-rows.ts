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
  /** The parameters that `source` speaks of. */
  values(rows: readonly Row[]): unknown[];
}

/**
 * Describes rows for `insert ... select ... from unnest(...)`: one statement, one plan and one round trip for
 * any number of rows.
 */
export function bulkRows<Row>(columns: readonly BulkColumn<Row>[]): BulkRows<Row> {
  const names = columns.map((column) => column.name).join(', ');
  const parameters = columns.map((column, index) => `$${index + 1}::${column.type}[]`).join(', ');
  return {
    names,
    source: `unnest(${parameters}) as v(${names})`,
    values: (rows) => columns.map((column) => rows.map((row) => parameter(column, row))),
  };
}

function parameter<Row>(column: BulkColumn<Row>, row: Row): unknown {
  const value = column.value(row);
  if (column.type === 'jsonb' && value !== null) return JSON.stringify(value);
  // PostgreSQL's text has no NUL. A client's own id that holds one must not stop everybody's read model.
  return typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value;
}

import { finished } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** A place where SQL runs: a pool, or one connection inside a transaction. */
export interface Sql {
  /** The rows of a statement. `bigint` columns come as numbers (they must be safe integers). */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** How many rows a statement touched. */
  execute(text: string, values?: readonly unknown[]): Promise<number>;
  /** Runs a `copy ... from stdin` statement with its whole input. On one connection only: inside a transaction. */
  copy(text: string, input: string): Promise<void>;
}

/**
 * The statements of a `pg` pool or client, with this module's reading of `bigint`. `answerMs`: how long the answer
 * of each is waited for, where that is not what the pool says.
 */
export function sqlOn(executor: pg.Pool | pg.PoolClient, answerMs?: number): Sql {
  const bound: AnswerBound = answerMs === undefined ? {} : { query_timeout: answerMs };
  return {
    async query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
      const result = await executor.query<Row>({ text, values: [...values], types: typeParsers, ...bound });
      return result.rows;
    },
    async execute(text: string, values: readonly unknown[] = []): Promise<number> {
      const result = await executor.query({ text, values: [...values], ...bound });
      return result.rowCount ?? 0;
    },
    async copy(text: string, input: string): Promise<void> {
      if (executor instanceof pg.Pool) throw new TypeError('a copy needs a connection of its own');
      const copying = executor.query(Object.assign(copyFrom(text), bound));
      copying.end(input);
      await finished(copying);
    },
  };
}

/** What pg takes beside a statement, and its types do not know. */
export interface AnswerBound {
  readonly query_timeout?: number;
}

const int8Oid = 20;

/** pg leaves int8 a string; here it is always a count, a seq, fen or ms, all far below 2^53. */
const typeParsers: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === int8Oid
      ? parseSafeInteger
      : pg.types.getTypeParser(oid, format as 'text')) as pg.CustomTypesConfig['getTypeParser'],
};

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} does not fit a safe integer`);
  return value;
}

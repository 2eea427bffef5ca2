import type { Change } from './changes.ts';
import type { ProjectedEvent } from './projected-event.ts';
import type { Sql } from './sql.ts';

/**
 * A read model, declared in one place.
 *
 * Glossary. A *projection* folds the log into tables. A *generation* of it is one set of those tables, in a
 * schema of its own; exactly one generation is *live*: the one that the views in the schema `read` show. A
 * *shadow* is a generation being filled by a rebuild. A *partition* is the share of the streams, by hash, that
 * one checkpoint covers.
 */
export interface Projection {
  readonly name: string;
  /** Bump when tables or fold change their meaning: a rebuild then replaces the old generation at start. */
  readonly version: number;
  readonly streamPrefixes: readonly string[];
  /**
   * The tables, each of which gets a view of the same name in the schema `read`: in the order in which most reads
   * of several take them, so that a swap, which takes all, stands in their way the least.
   */
  readonly tables: readonly string[];
  /** `create table` statements with unqualified names, with primary keys, without further indexes. */
  readonly ddl: string;
  /** `create index` statements with unqualified names: a rebuild makes them when the tables are full. */
  readonly indexes: string;
  /** Nobody waits for its rows: so long may events be gathered before they are written, ms. Default 0. */
  readonly lingerMs?: number;
  /** Rows of events older than this, ms, are not kept: a rebuild does not make them. Default: all are. */
  readonly keptMs?: number;
  /**
   * Folds a batch in memory. Pure. The rows it makes are written by `write`, each row once; `write` answers a
   * function that says what changed, so that a rebuild, which tells nobody, does not pay for it.
   */
  fold(events: readonly ProjectedEvent[]): FoldedBatch;
}

export interface FoldedBatch {
  /** Writes the rows into the tables of `schema`, inside the caller's transaction. */
  write(tx: Sql, schema: string): Promise<() => readonly Change[]>;
}

/** The parts of a projection, typed by what its fold makes and what its SQL gives back. */
export interface ProjectionDefinition<Rows, Written>
  extends Pick<
    Projection,
    'name' | 'version' | 'streamPrefixes' | 'tables' | 'ddl' | 'indexes' | 'lingerMs' | 'keptMs'
  > {
  /** Pure: the rows and row changes that a batch of events amounts to. */
  fold(events: readonly ProjectedEvent[]): Rows;
  /** Applies them, and answers what `changes` needs to know of the rows as they are now. */
  write(tx: Sql, schema: string, rows: Rows): Promise<Written>;
  /** What gateways are told, in log order. */
  changes(rows: Rows, written: Written): readonly Change[];
}

/** Makes a projection of its parts. */
export function defineProjection<Rows, Written>(definition: ProjectionDefinition<Rows, Written>): Projection {
  const { name, version, streamPrefixes, tables, ddl, indexes, lingerMs = 0 } = definition;
  const { keptMs = Number.POSITIVE_INFINITY } = definition;
  return Object.freeze({
    name,
    version,
    streamPrefixes,
    tables,
    ddl,
    indexes,
    lingerMs,
    keptMs,
    fold(events: readonly ProjectedEvent[]): FoldedBatch {
      const rows = definition.fold(events);
      return {
        async write(tx, schema) {
          const written = await definition.write(tx, schema, rows);
          return () => definition.changes(rows, written);
        },
      };
    },
  });
}

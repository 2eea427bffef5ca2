import pg from 'pg';
import { startBenchPostgres } from '../harness/bench-postgres.ts';
import type { AppendSystem } from './append-system.ts';
import { benchEvent } from './bench-event.ts';

/** Connections, at most: more of them than this make PostgreSQL slower on two cores. */
export const postgresConnections = 64;
const pageRows = 1_000;

const schema = `
  create table events (
    position bigint generated always as identity primary key,
    stream int not null,
    revision int not null,
    id uuid not null,
    type text not null,
    data jsonb not null,
    metadata jsonb not null,
    unique (stream, revision)
  )`;
const insert = `
  insert into events (stream, revision, id, type, data, metadata)
  select $1, * from unnest($2::int[], $3::uuid[], $4::text[], $5::jsonb[], $6::jsonb[])`;

/** A table of events in a PostgreSQL of its own: one INSERT an append, synced like ours. */
export async function startPostgresSystem(dataDir: string): Promise<AppendSystem> {
  const postgres = await startBenchPostgres(dataDir);
  const pool = new pg.Pool({ connectionString: postgres.url, max: postgresConnections });
  // Idle connections are told when the server stops.
  pool.on('error', () => {});
  await pool.query(schema);
  const revisions = new Map<number, number>();
  const pages = async (where: string, order: string, start: number): Promise<number> => {
    let counted = 0;
    for (let after = start; ; ) {
      const text = `select ${order} as place, * from events where ${where} ${order} > $1 order by ${order} limit ${pageRows}`;
      const { rows } = await pool.query<{ place: string | number }>({
        name: where + order,
        text,
        values: [after],
      });
      counted += rows.length;
      const last = rows.at(-1);
      if (last === undefined) return counted;
      after = Number(last.place);
    }
  };
  return {
    async append(stream, events) {
      const first = revisions.get(stream) ?? 0;
      revisions.set(stream, first + events);
      const batch = Array.from({ length: events }, benchEvent);
      const columns = [
        batch.map((_, index) => first + index),
        batch.map(({ id }) => id),
        batch.map(({ type }) => type),
        batch.map(({ data }) => JSON.stringify(data)),
        batch.map(({ metadata }) => JSON.stringify(metadata)),
      ];
      await pool.query({ name: 'insert', text: insert, values: [stream, ...columns] });
    },
    reads: {
      readStream: (stream) => pages(`stream = ${stream} and`, 'revision', -1),
      readAll: () => pages('', 'position', 0),
    },
    serverCpuMs: () => postgres.cpuMs(),
    async close() {
      await pool.end();
      await postgres.stop();
    },
  };
}

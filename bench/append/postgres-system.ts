import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { removeCluster } from '../../infra/postgres/embedded/placement.ts';
import { startEmbeddedPostgres } from '../../infra/postgres/embedded/start-postgres.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';
import type { AppendSystem } from './append-system.ts';
import { benchEvent } from './bench-event.ts';
import { processCpuMs } from './process-cpu.ts';

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
  chmodSync(dataDir, 0o711);
  const folder = join(dataDir, 'postgres');
  const postgres = await startEmbeddedPostgres({
    folder,
    runtime: systemRuntime(),
    logger: pino({ level: 'silent' }),
  });
  const pool = new pg.Pool({ connectionString: postgres.url, max: postgresConnections });
  // Idle connections are told when the server stops.
  pool.on('error', () => {});
  await pool.query(schema);
  const postmaster = postmasterOf(folder);
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
    serverCpuMs: () => serverCpuMs(postmaster),
    async close() {
      await pool.end();
      await postgres.stop();
      removeCluster(folder);
    },
  };
}

function postmasterOf(folder: string): number {
  return Number(readFileSync(join(folder, 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

/** Of the postmaster and of all its children: each connection is a process. */
function serverCpuMs(postmaster: number): number {
  let total = processCpuMs(postmaster);
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      if (parent === postmaster) total += processCpuMs(Number(name));
    } catch {
      // It ended between the listing and the look.
    }
  }
  return total;
}

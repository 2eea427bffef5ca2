import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeCluster } from '../../../infra/postgres/embedded/placement.ts';
import { type Keeper, startKeeper } from '../../../infra/postgres/embedded/start-keeper.ts';
import { freeLoopbackPort } from '../../../infra/supervisor/loopback-port.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { isAlive, until } from './supervised-server.ts';

let root: string;
let folder: string;
let keepers: Keeper[];

beforeEach(() => {
  root = temporaryFolder();
  folder = join(root, 'postgres');
  keepers = [];
});

afterEach(async () => {
  for (const keeper of keepers) await keeper.stop();
  if (existsSync(folder)) removeCluster(folder);
  rmSync(root, { recursive: true, force: true });
});

async function start(port?: number): Promise<Keeper> {
  const keeper = await startKeeper({ folder, ...(port === undefined ? {} : { port }) });
  keepers.push(keeper);
  return keeper;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

/** Where the cluster is: beside its passwords, or where PostgreSQL's user can reach it. */
function clusterFolder(): string {
  const location = join(folder, 'location');
  return join(existsSync(location) ? readFileSync(location, 'utf8').trim() : folder, 'cluster');
}

const serverPid = (): number =>
  Number(readFileSync(join(clusterFolder(), 'postmaster.pid'), 'utf8').split('\n')[0]);

describe('the embedded PostgreSQL', () => {
  it('is a real PostgreSQL 18 that writes to disk and checks its pages', async () => {
    const { url } = await start();
    expect((await query(url, 'show server_version'))[0]).toMatch(/^18\./);
    expect(await query(url, 'show fsync')).toEqual(['on']);
    expect(await query(url, 'show full_page_writes')).toEqual(['on']);
    expect(await query(url, 'show data_checksums')).toEqual(['on']);
    expect(await query(url, 'show server_encoding')).toEqual(['UTF8']);
  });

  it('listens on loopback only, and lets nobody in without the password', async () => {
    const { url, adminUrl } = await start();
    expect(await query(adminUrl, 'show listen_addresses')).toEqual(['127.0.0.1']);
    expect(await query(adminUrl, 'show unix_socket_directories')).toEqual(['']);
    for (const right of [url, adminUrl]) {
      const wrong = new URL(right);
      wrong.password = 'guess';
      await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed');
    }
  });

  it('gives the application a role that owns its database and nothing more', async () => {
    const { url } = await start();
    expect(await query(url, 'select current_user, current_database()')).toEqual(['hongbao', 'hongbao']);
    expect(
      await query(
        url,
        'select rolsuper or rolcreaterole or rolcreatedb from pg_roles where rolname = current_user',
      ),
    ).toEqual([false]);
  });

  it('keeps its passwords and its data from other users of the machine', async () => {
    await start();
    expect(statSync(join(folder, 'credentials.json')).mode & 0o777).toBe(0o600);
    expect(statSync(clusterFolder()).mode & 0o777).toBe(0o700);
    expect(existsSync(join(folder, 'initdb.password'))).toBe(false);
  });

  it('has the data again after a restart, with the same passwords', async () => {
    const first = await start();
    await query(first.url, 'create table note as select 7 as value');
    await first.stop();
    const second = await start();
    expect(await query(second.url, 'select value from note')).toEqual([7]);
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
  });

  it('has what it committed again after kill -9 of the server, whose keeper ends so that it can be restarted', async () => {
    const first = await start();
    await query(first.url, 'create table note as select 7 as value');
    process.kill(serverPid(), 'SIGKILL');
    expect(await first.ended).toBe('exit code 1');
    const second = await start();
    expect(await query(second.url, 'select value from note')).toEqual([7]);
  });

  it('stops the server that a killed keeper left behind, even while it serves', async () => {
    const first = await start();
    const orphan = serverPid();
    process.kill(first.pid, 'SIGKILL');
    await first.ended;
    expect(await query(first.url, 'select 1')).toEqual([1]);

    const second = await start();
    expect(isAlive(orphan)).toBe(false);
    expect(await query(second.url, 'select 1')).toEqual([1]);
  });

  it('sees off a backend that outlived its server, which would keep a new one from starting', async () => {
    const first = await start();
    const client = new pg.Client({ connectionString: first.url });
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const backend = rows[0]!.pid;
    process.kill(backend, 'SIGSTOP'); // so that it does not notice
    process.kill(serverPid(), 'SIGKILL');
    await first.ended;
    expect(isAlive(backend)).toBe(true);

    const second = await start();
    expect(isAlive(backend)).toBe(false);
    expect(await query(second.url, 'select 1')).toEqual([1]);
  });

  it('begins anew when it was killed in the middle of making the cluster', async () => {
    mkdirSync(join(folder, 'cluster.draft/base'), { recursive: true });
    const { url } = await start();
    expect(await query(url, 'select 1')).toEqual([1]);
  });

  it('says so in a sentence when its port is taken', async () => {
    const port = await freeLoopbackPort(systemRuntime().random);
    const holder = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
    await expect(start(port)).rejects.toThrow(/^PostgreSQL did not start: FATAL: .*TCP\/IP sockets/);
    await new Promise((resolve) => holder.close(resolve));
  });

  it('serves from a folder that nobody but us may enter', async () => {
    chmodSync(root, 0o700);
    const first = await start();
    await query(first.url, 'create table note as select 7 as value');
    await first.stop();
    const cluster = clusterFolder();
    expect(lstatSync(cluster).mode & 0o777).toBe(0o700);
    expect(lstatSync(cluster).uid).not.toBe(0);

    const second = await start();
    expect(clusterFolder()).toBe(cluster);
    expect(await query(second.url, 'select value from note')).toEqual([7]);
    await second.stop();
    removeCluster(folder);
    expect(existsSync(cluster)).toBe(false);
  });

  it('ends with its parent', async () => {
    const keeper = await start();
    const server = serverPid();
    process.kill(keeper.pid, 'SIGTERM');
    expect(await keeper.ended).toBe('exit code 0');
    await until(() => !isAlive(server));
  });
});

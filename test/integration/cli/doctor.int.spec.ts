import { once } from 'node:events';
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { migrationLabel, ownMigrations } from '../../../infra/postgres/own-migrations.ts';
import { createVaultStore } from '../../../infra/postgres/vault-store.ts';
import { lockDataFolder } from '../../../infra/supervisor/data-folder-lock.ts';
import { allChecks } from '../../../src/cli/doctor/all-checks.ts';
import { diskCheck } from '../../../src/cli/doctor/checks/disk.ts';
import { runChecks } from '../../../src/cli/doctor/run-checks.ts';
import { openWorld } from '../../../src/cli/doctor/world.ts';
import { allProjections } from '../../../src/projections/all-projections.ts';
import { ensureReadModels } from '../../../src/projections/ensure-read-models.ts';
import { createGeneration } from '../../../src/projections/generations.ts';
import { noEpoch } from '../../../src/projections/log-epoch-reader.ts';
import { recordFailure } from '../../../src/projections/projection-failure.ts';
import { withRebuildLocks } from '../../../src/projections/rebuild/rebuild-lock.ts';
import { sqlOn } from '../../../src/projections/sql.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { createMasterKey, parseMasterSecrets } from '../../../src/vault/master-key.ts';
import { runCli } from '../../support/run-cli.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { examine } from './doctor-support.ts';
import { type Engines, startEngines } from './support.ts';

const runtime = systemRuntime();
const key = 'a'.repeat(64);
/** The database of the tests is fast instead of durable, which a doctor finds. */
const withoutFsync = 'problem: fsync is off: a power failure may lose or damage the vault.';

/** Every file and folder: what a doctor must leave as it was. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

describe('hongbao doctor beside outside engines', () => {
  let engines: Engines;
  let folder: string;
  let env: Record<string, string>;

  beforeEach(async () => {
    engines = await startEngines();
    folder = temporaryFolder();
    env = { ...engines.env, HONGBAO_DATA: folder, HONGBAO_PORT: '0', HONGBAO_MASTER_KEY: key };
  });

  afterEach(async () => {
    await engines.close();
    rmSync(folder, { recursive: true });
  });

  it('finds what is wrong and nothing else, and leaves the folder as it is', async () => {
    const { code, of, checksThatAre } = await examine(env);
    expect(checksThatAre('problem')).toEqual(['database']);
    expect(of('database').filter((line) => line.startsWith('problem'))).toEqual([withoutFsync]);
    expect(of('event store')[0]).toMatch(
      /^ok: The outside store answers.* its log ends at -1, no epoch yet\.$/,
    );
    expect(of('database')[0]).toMatch(/^ok: PostgreSQL \d+\.\d+ answers\.$/);
    expect(of('migrations')[0]).toMatch(/^ok: All \d+ migrations are applied\.$/);
    expect(code).toBe(1);
    expect(filesIn(folder)).toEqual([]);
  });

  it('tells of every check that there is', async () => {
    const { findings } = await examine(env);
    expect([...new Set(findings.map(({ check }) => check))]).toEqual(allChecks.map(({ name }) => name));
  });

  it('prints lines for people, with what to do', async () => {
    const { stdout, code } = await runCli(['doctor'], { ...env, REDIS_URL: 'redis://127.0.0.1:1' });
    expect(stdout).toMatch(
      /^problem {2}redis +It does not answer: .*ECONNREFUSED.*\n +-> Start it, or correct REDIS_URL/m,
    );
    expect(stdout).toMatch(/\n\d+ ok, \d+ warnings?, 2 problems, \d+ not looked at\.\n$/);
    expect(code).toBe(1);
  });

  it('says of a wrong DATABASE_URL what is wrong, once, and looks at the rest', async () => {
    const { code, of, checksThatAre } = await examine({
      ...env,
      DATABASE_URL: 'postgres://me:s3cret@127.0.0.1:1/x',
    });
    expect(of('database')).toEqual([expect.stringMatching(/^problem: It does not answer: .*ECONNREFUSED/)]);
    expect(of('migrations')).toEqual(['skipped: The database does not answer.']);
    expect(checksThatAre('problem')).toEqual(['database']);
    expect(of('event store')[0]).toMatch(/^ok: /);
    expect(code).toBe(1);
  });

  it('tells who has the port', async () => {
    const stranger = createServer().listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as AddressInfo;
    const { code, of } = await examine({ ...env, HONGBAO_PORT: `${port}` });
    const who = process.platform === 'linux' ? `process ${process.pid} \\(.+\\)` : 'another program';
    expect(of('port')[0]).toMatch(new RegExp(`^problem: Port ${port} on 127.0.0.1 is taken by ${who}\\.$`));
    expect(code).toBe(1);
    writeFileSync(join(folder, 'ports.json'), JSON.stringify({ events: port }));
    const kept = await examine(env);
    expect(kept.of('port')[1]).toMatch(
      new RegExp(`^warning: Port ${port} of the embedded engine "events" is taken by ${who}\\.$`),
    );
    stranger.close();
  });

  it('tells of a disk that is nearly full', async () => {
    const world = openWorld(env, runtime);
    const check = diskCheck(async () => ({ freeBytes: 1_000_000, totalBytes: 9_000_000_000 }));
    const { findings } = await runChecks([check], world, { timers: runtime.timers, limitMs: 60_000 });
    await world.close();
    expect(findings).toMatchObject([{ check: 'disk', verdict: 'problem' }]);
  });

  it('tells of wrong settings, and looks at what needs none', async () => {
    const { code, of, checksThatAre } = await examine({ ...env, HONGBAO_PRT: '1' });
    expect(of('settings')[0]).toMatch(/^problem: HONGBAO_PRT is not a setting/);
    expect(checksThatAre('ok')).toEqual(expect.arrayContaining(['versions', 'memory']));
    expect(of('database')).toEqual(['skipped: The settings are wrong.']);
    expect(code).toBe(1);
  });

  it('tells of secrets that others may read', async () => {
    writeFileSync(join(folder, 'master.key'), key);
    chmodSync(join(folder, 'master.key'), 0o644);
    const { of } = await examine(env);
    expect(of('data folder')).toEqual([expect.stringMatching(/^problem: Others may read .*master\.key/)]);
  });

  it('tells of migrations that are missing, and of a database that is newer', async () => {
    const { pool } = engines.database;
    const newest = ownMigrations().at(-1)!;
    const label = migrationLabel(newest);
    await pool.query('delete from hongbao_core.migration where number = $1', [newest.number]);
    expect((await examine(env)).of('migrations')).toEqual([`warning: Not applied yet: ${label}.`]);
    await pool.query("insert into hongbao_core.migration values ($1, 'other', 'x')", [newest.number]);
    const { of, code } = await examine(env);
    expect(of('migrations')[0]).toMatch(new RegExp(`^problem: Migration ${label} was edited`));
    expect(code).toBe(1);
  });

  it('tells of a database that nobody has used yet', async () => {
    await engines.database.pool.query('drop schema hongbao_core, hongbao_vault, projection, read cascade');
    const { of } = await examine(env);
    expect(of('migrations')).toEqual(['warning: The database is empty: no migration is applied.']);
    expect(of('projections')[0]).toMatch(/^skipped: /);
    expect(of('vault')[0]).toMatch(/^skipped: /);
  });

  it('tells of a read model that stands still, of one of another version, and of a shadow left behind', async () => {
    const { pool } = engines.database;
    await ensureReadModels(pool, noEpoch);
    await recordFailure(
      sqlOn(pool),
      { name: 'wallet', generation: 1, partition: 0 },
      { reason: 'poison', message: 'Event 3 of wallet-7 cannot be projected' },
    );
    await pool.query("update projection.generation set version = version + 1 where name = 'friends'");
    const [accounts] = allProjections;
    await createGeneration(sqlOn(pool), accounts!, noEpoch, 'shadow');
    const { code, of } = await examine(env);
    const sentences = of('projections').join('\n');
    expect(sentences).toContain(
      'problem: wallet stands still (poison): Event 3 of wallet-7 cannot be projected.',
    );
    expect(sentences).toMatch(/warning: friends has rows of version \d+, and this program makes version \d+/);
    expect(sentences).toContain('warning: Generation 2 of accounts was left behind');
    expect(code).toBe(1);

    await withRebuildLocks(pool, ['accounts'], async () => {
      const meanwhile = (await examine(env)).of('projections').join('\n');
      expect(meanwhile).not.toContain('left behind');
    });
  });

  it('tells of refunds that are overdue', async () => {
    const { pool } = engines.database;
    await ensureReadModels(pool, noEpoch);
    await pool.query(`insert into expiry_g1.expiry (shard, expires_at_second, packet_id)
      values (3, 1, '01890a5d-ac96-774b-bcce-b302099a8057')`);
    await pool.query(`insert into expiry_g1.expiry_count (shard, pending) values (3, 1)
      on conflict (shard) do update set pending = 1`);
    const { of } = await examine(env);
    expect(of('scheduler')).toEqual(['warning: 1 of 1 open packets have been due for more than 10 s.']);
  });

  it('tells of a master key that does not fit', async () => {
    const masterKey = createMasterKey(parseMasterSecrets('b'.repeat(64)), runtime.random);
    const vault = createVaultStore({ pool: engines.database.pool, masterKey, random: runtime.random });
    await vault.ensureDataKey('user-1');
    expect((await examine(env)).of('vault')[0]).toMatch(/^problem: The master key does not open the vault/);
    await vault.ensureServerSecret('access-token-key', () => runtime.random.bytes(32));
    expect((await examine(env)).of('vault')[0]).toMatch(/^problem: The master key does not open the vault/);
    const right = await examine({ ...env, HONGBAO_MASTER_KEY: 'b'.repeat(64) });
    expect(right.of('vault')).toEqual(['ok: The master key opens the vault.']);
  });
});

/** They wait for bounds of seconds to pass: side by side. */
describe.concurrent('hongbao doctor beside engines that do not answer', () => {
  let engines: Engines;
  let folder: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    engines = await startEngines();
    folder = temporaryFolder();
    env = { ...engines.env, HONGBAO_DATA: folder, HONGBAO_PORT: '0', HONGBAO_MASTER_KEY: key };
  });

  afterAll(async () => {
    await engines.close();
    rmSync(folder, { recursive: true });
  });

  it('says of a refused password that it was refused, and never prints a secret', async () => {
    const url = new URL(engines.database.url);
    url.password = 's3cret-and-wrong';
    const wrong = { ...env, DATABASE_URL: url.href, ESDB_URL: 'esdb://admin:s3cret@127.0.0.1:1?tls=false' };
    const { code, of, findings } = await examine(wrong);
    expect(of('database')[0]).toMatch(/^problem: It does not answer: password authentication failed/);
    expect(of('event store')[0]).toMatch(/^problem: /);
    expect(JSON.stringify(findings)).not.toMatch(/s3cret|a{64}/);
    expect(code).toBe(1);
  });

  it('reports a database that accepts and never answers, and looks at the rest', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const { code, of, checksThatAre } = await examine({
      ...env,
      DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/nothing`,
    });
    silent.close();
    expect(of('database')[0]).toMatch(/^problem: /);
    expect(checksThatAre('ok')).toContain('event store');
    expect(code).toBe(1);
  });
});

describe('hongbao doctor beside embedded engines', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  it('looks at those of the server that runs', async () => {
    const { code, of, checksThatAre } = await examine(server.env);
    expect(checksThatAre('problem')).toEqual([]);
    expect(checksThatAre('skipped')).toEqual([]);
    expect(of('server')[0]).toMatch(/^ok: The server at .* is ready\.$/);
    expect(of('port')[0]).toMatch(/is served by the server on the data folder\.$/);
    expect(of('vault')).toEqual(['ok: The master key opens the vault.']);
    expect(code).toBe(0);
  });

  it('starts none when none runs, says so, and leaves the folder as it is', async () => {
    await server.stop();
    const before = filesIn(server.dataFolder);
    const { code, of, checksThatAre } = await examine(server.env);
    expect(of('event store')[0]).toMatch(/^skipped: The embedded event node is stopped/);
    expect(of('database')[0]).toMatch(/^skipped: The embedded PostgreSQL is stopped/);
    expect(checksThatAre('problem')).toEqual([]);
    expect(code).toBe(0);
    expect(filesIn(server.dataFolder)).toEqual(before);
  });
});

describe('hongbao doctor and a data folder', () => {
  it('that is not there makes none', async () => {
    const folder = temporaryFolder();
    const { code, of } = await examine({ HONGBAO_DATA: join(folder, 'data') });
    expect(of('data folder')[0]).toMatch(/is not there yet: the first start makes it\.$/);
    expect(code).toBe(0);
    expect(filesIn(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  it('that a command is at work on waits for nobody', async () => {
    const folder = temporaryFolder();
    const lock = lockDataFolder(folder);
    const { of } = await examine({ HONGBAO_DATA: folder, HONGBAO_PORT: '0' });
    expect(of('server')[0]).toMatch(/^warning: A hongbao is at work on the data folder/);
    expect(of('database')[0]).toMatch(/^skipped: .* belongs to a server that is starting or stopping\.$/);
    lock.release();
    rmSync(folder, { recursive: true });
  });
});

import { existsSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLeaseStore } from '../../../infra/postgres/lease-store.ts';
import { allProjections } from '../../../src/projections/all-projections.ts';
import { ensureReadModels } from '../../../src/projections/ensure-read-models.ts';
import { noEpoch } from '../../../src/projections/log-epoch-reader.ts';
import { recordFailure } from '../../../src/projections/projection-failure.ts';
import { sqlOn } from '../../../src/projections/sql.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { runCli } from '../../support/run-cli.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { type Engines, startEngines } from './support.ts';

const runtime = systemRuntime();

describe('hongbao projections', () => {
  let engines: Engines;

  beforeAll(async () => {
    engines = await startEngines();
    await ensureReadModels(engines.database.pool, noEpoch);
  });

  afterAll(() => engines.close());

  it('shows every read model, and that all go on', async () => {
    const { code, stdout } = await runCli(['projections'], engines.env);
    expect(stdout.split('\n')).toHaveLength(allProjections.length + 3);
    expect(stdout).toContain('Nobody keeps the read models now.');
    for (const { name } of allProjections) {
      expect(stdout).toMatch(new RegExp(`^${name} +generation 1 +live +8 partitions +at -1`, 'm'));
    }
    expect(code).toBe(0);
  });

  it('says which process keeps which partitions', async () => {
    const leases = createLeaseStore(engines.database.pool);
    for (const partition of [0, 1, 2, 5])
      await leases.acquire(`projections/${partition}`, 'here/7#a', 60_000);
    await leases.acquire('projections/3', 'there/8#b', 60_000);
    const { stdout } = await runCli(['projections'], engines.env);
    expect(stdout).toContain('Kept by: 0-2 5 here/7, 3 there/8\n');
    const json = JSON.parse((await runCli(['projections', '--json'], engines.env)).stdout);
    const ofWallet = json.projections.filter((one: { projection: string }) => one.projection === 'wallet');
    expect(ofWallet.map((one: { owner: string | null }) => one.owner)).toEqual([
      ...['here/7', 'here/7', 'here/7', 'there/8'],
      ...[null, 'here/7', null, null],
    ]);
  });

  it('says which one stands still and why, with code 1', async () => {
    const failure = { reason: 'poison', message: 'Event 3 of wallet-7 cannot be projected.' } as const;
    const { pool } = engines.database;
    await recordFailure(sqlOn(pool), { name: 'wallet', generation: 1, partition: 0 }, failure);
    const text = await runCli(['projections'], engines.env);
    expect(text.stdout).toContain(`partition 0 STANDS STILL at -1 (poison): ${failure.message}`);
    expect(text.code).toBe(1);
    const { stdout, code } = await runCli(['projections', '--json'], engines.env);
    expect(JSON.parse(stdout).projections).toContainEqual(
      expect.objectContaining({ projection: 'wallet', position: '-1', failure }),
    );
    expect(code).toBe(1);
  });
});

describe('hongbao up', () => {
  it('takes the number of projectors from its option, also when the setting has another', async () => {
    const wrong = await runCli(['up', '--projectors', '9'], { HONGBAO_PROJECTORS: '1' });
    expect(wrong.stderr).toContain('HONGBAO_PROJECTORS must be a whole number from 0 to 8 (it is "9").');
    expect(wrong.code).toBe(2);
  });

  it('refuses projectors where their role is left out', async () => {
    const folder = temporaryFolder();
    const env = { HONGBAO_DATA: folder, HONGBAO_PORT: '0', HONGBAO_ROLES: 'gateway' };
    const { stderr, code } = await runCli(['up', '--projectors', '2'], env);
    expect(stderr).toContain('Add projector to the roles');
    expect(code).toBe(3);
    rmSync(folder, { recursive: true, force: true });
  });
});

describe('hongbao replay', () => {
  let engines: Engines;

  beforeAll(async () => {
    engines = await startEngines();
    for (const [index, stream] of ['one-1', 'two-2', 'one-1'].entries()) {
      const id = runtime.ids.next();
      await engines.log.append(stream, 'any', [
        {
          id,
          type: index === 1 ? 'Second' : 'Other',
          data: { index, name: { subject: 'user-7', key: 1, box: 'c2VjcmV0' } },
          metadata: {
            $correlationId: id,
            $causationId: id,
            actor: 'system:test',
            commandId: id,
            bodyHash: '',
            timeMs: Date.UTC(2026, 0, 1, 0, index),
            schemaVersion: 1,
          },
        },
      ]);
    }
  });

  afterAll(() => engines.close());

  const lines = async (...args: string[]) => {
    const { stdout } = await runCli(['replay', ...args], engines.env);
    return stdout.split('\n').filter((line) => line !== '');
  };
  const indexes = async (...args: string[]) =>
    (await lines(...args, '--json')).map((line) => JSON.parse(line).data.index);

  it('prints the whole log in order, with sealed text named and not shown', async () => {
    const printed = await lines();
    expect(printed).toHaveLength(3);
    expect(printed[0]).toContain('one-1@0');
    expect(printed[0]).toContain('(sealed for user-7)');
    expect(printed[0]).not.toContain('c2VjcmV0');
  });

  it('prints one stream', async () => {
    expect(await indexes('--stream', 'one-1')).toEqual([0, 2]);
    expect(await indexes('--stream', 'one-1', '--from', '2026-01-01T00:01:00Z')).toEqual([2]);
  });

  it('prints a range of positions, both ends included', async () => {
    const positions = (await lines('--json')).map((line) => JSON.parse(line).position);
    expect(await indexes('--from', positions[1])).toEqual([1, 2]);
    expect(await indexes('--from', positions[1], '--until', positions[1])).toEqual([1]);
  });

  it('prints what had happened before a time', async () => {
    expect(await indexes('--until', '2026-01-01T00:02:00Z')).toEqual([0, 1]);
  });

  it('prints events of one type', async () => {
    expect(await indexes('--type', 'Second')).toEqual([1]);
    const { stderr } = await runCli(['replay', '--type', 'Sceond'], engines.env);
    expect(stderr).toContain('No event matches. This version knows no event type Sceond.');
  });

  it.each([
    [['replay', '--until', 'tomorrow'], 'neither a log position nor a time'],
    [['replay', '--from', '-1'], 'neither a log position nor a time'],
    [['replay', '--stream', 'one-1', '--category', 'one'], 'either --stream or --category'],
    [['replay', '--wallet', '01890a5d-ac96-774b-bcce-b302099a8057'], 'give --as-of'],
    [['replay', '--format'], 'argument missing'],
    [['replya'], 'unknown command'],
    [['verify'], 'missing required argument'],
    [['verify', 'x'], 'not a packet id'],
    [['rebuild', 'nothing'], 'There is no projection "nothing". There are: accounts'],
  ])('%j ends with a sentence and code 2', async (args, sentence) => {
    const { code, stdout, stderr } = await runCli(args, engines.env);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  // Each waits for bounds of seconds to pass: side by side.
  it.concurrent.each([
    [['rebuild'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' }],
    [['replay'], { ESDB_URL: 'esdb://127.0.0.1:1?tls=false' }],
    [['replay'], { ESDB_URL: 'esdb://admin:s3cretpw@host:notaport' }],
  ])('%j ends with a sentence and code 3 when %j does not answer', async (args, gone) => {
    const { code, stderr } = await runCli(args, { ...engines.env, ...gone });
    expect(stderr).toMatch(/^hongbao: \S/);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr).not.toContain('s3cretpw');
    expect(code).toBe(3);
  });

  it.concurrent('a database that accepts and never answers ends a command with a sentence and code 3', async () => {
    const silent = createServer();
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const env = { ...engines.env, DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/nothing` };
    const { code, stderr } = await runCli(['migrate'], env);
    silent.close();
    expect(stderr).toMatch(/^hongbao: \S/);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(3);
  });

  it.each([['up'], ['audit']])('%s ends with code 3 when the data folder is a file', async (...args) => {
    const { code, stderr } = await runCli(args, { HONGBAO_DATA: import.meta.filename });
    expect(stderr).toMatch(/^hongbao: HONGBAO_DATA names .+ it is a file\. /);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(3);
  });

  it.each([['audit'], ['rebuild'], ['replay'], ['verify', '01890a5d-ac96-774b-bcce-b302099a8057']])(
    '%s refuses a data folder that is not there, and makes none',
    async (...args) => {
      const folder = join(temporaryFolder(), 'mistyped');
      const { code, stderr } = await runCli(args, { HONGBAO_DATA: folder });
      expect(stderr).toMatch(/^hongbao: There is no data in /);
      expect(code).toBe(3);
      expect(existsSync(folder)).toBe(false);
      rmSync(dirname(folder), { recursive: true });
    },
  );

  it('a wrong setting ends any command with a sentence', async () => {
    const { code, stderr } = await runCli(['audit'], { ...engines.env, HONGBAO_PRT: '1' });
    expect(stderr).toContain('HONGBAO_PRT is not a setting');
    expect(code).toBe(2);
  });
});

import { mkdirSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFolderTaken, lockDataFolder } from '../../../infra/supervisor/data-folder-lock.ts';
import { keptPorts } from '../../../infra/supervisor/kept-ports.ts';
import { masterKeyText } from '../../../infra/supervisor/master-key-file.ts';
import { processIdentity } from '../../../infra/supervisor/process-identity.ts';
import { removeDataFolder } from '../../../infra/supervisor/remove-data-folder.ts';
import { OperatorError } from '../../../src/config/operator-error.ts';
import { loadSettings } from '../../../src/config/settings.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const { random } = systemRuntime();
let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the lock of a data folder', () => {
  it('is held by one, makes the folder, and is free again when released', () => {
    const data = join(folder, 'new/data');
    const lock = lockDataFolder(data);
    expect(() => lockDataFolder(data)).toThrow(DataFolderTaken);
    lock.release();
    lockDataFolder(data).release();
    expect(statSync(data).mode & 0o066).toBe(0);
  });

  it('does not take another trouble for a held lock', () => {
    mkdirSync(join(folder, 'lock'));
    expect(() => lockDataFolder(folder)).toThrow('unable to open database file');
    expect(() => lockDataFolder(folder)).toThrow(OperatorError);
  });

  it('refuses a path that is a file with a sentence', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => lockDataFolder(file)).toThrow(
      new OperatorError(
        `HONGBAO_DATA names ${file}, which cannot be the data folder: it is a file. Set it to another path.`,
      ),
    );
  });
});

describe('a data folder that is removed', () => {
  it('takes its database along, wherever that was put', () => {
    const data = join(folder, 'data');
    const place = join(folder, 'elsewhere');
    mkdirSync(join(data, 'postgres'), { recursive: true });
    mkdirSync(place);
    writeFileSync(join(data, 'postgres/location'), `${place}\n`);
    writeFileSync(join(place, 'owner'), `${realpathSync(join(data, 'postgres'))}\n`);
    removeDataFolder(data);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('the master key of development', () => {
  const settings = (env: Record<string, string> = {}) => loadSettings({ ...env, HONGBAO_DATA: folder });

  it('is made once, for our eyes only, and is one that the settings accept', () => {
    const made = masterKeyText(settings(), random);
    expect(masterKeyText(settings(), random)).toBe(made);
    expect(statSync(join(folder, 'master.key')).mode & 0o777).toBe(0o600);
    expect(settings({ HONGBAO_MASTER_KEY: made }).masterKey).toBe(made);
  });

  it('comes from the environment when it is there, and is then not written down', () => {
    const given = 'cd'.repeat(32);
    expect(masterKeyText(settings({ HONGBAO_MASTER_KEY: given }), random)).toBe(given);
    expect(masterKeyText(settings(), random)).not.toBe(given);
  });

  it('is refused when it is not the one that the data was written with', () => {
    writeFileSync(join(folder, 'master.key'), 'ab'.repeat(32));
    const other = settings({ HONGBAO_MASTER_KEY: 'cd'.repeat(32) });
    expect(() => masterKeyText(other, random)).toThrow('differs from the key in');
  });
});

describe('the ports of the engines', () => {
  it('stay what they were, below the range of outgoing connections', async () => {
    const file = join(folder, 'ports.json');
    const first = await keptPorts(file, ['postgres', 'events'], random);
    expect(await keptPorts(file, ['events', 'postgres'], random)).toEqual(first);
    expect(first.events).not.toBe(first.postgres);
    for (const port of Object.values(first)) expect(port).toBeLessThan(32_768);
  });
});

describe('the identity of a process', () => {
  it('stays for its life, differs from that of others, and ends with it', () => {
    expect(processIdentity(process.pid)).toBe(processIdentity(process.pid));
    expect(processIdentity(process.pid)).not.toBe(processIdentity(process.ppid));
    expect(processIdentity(2 ** 22 + 1)).toBeUndefined();
  });
});

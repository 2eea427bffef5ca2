import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFolderTaken, lockDataFolder } from '../../../infra/supervisor/data-folder-lock.ts';
import { keptPorts } from '../../../infra/supervisor/kept-ports.ts';
import { masterKeyText } from '../../../infra/supervisor/master-key-file.ts';
import { processIdentity } from '../../../infra/supervisor/process-identity.ts';
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

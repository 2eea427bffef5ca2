/** `hongbao doctor` and real disks. Needs Linux and root: they are small ones in memory. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { examine } from './doctor-support.ts';

let folder: string;
let disk: string;

beforeAll(() => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error('this test mounts small disks: it needs Linux and root');
  }
});
beforeEach(() => {
  folder = temporaryFolder();
  disk = join(folder, 'disk');
  mkdirSync(disk, { mode: 0o700 });
});
afterEach(() => {
  execFileSync('umount', [disk]);
  rmSync(folder, { recursive: true });
});

function mount(options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'hongbao-test', disk]);
}

it('tells of a data folder that cannot be written', async () => {
  mount('ro,mode=700');
  const { code, of } = await examine({ HONGBAO_DATA: disk, HONGBAO_PORT: '0' });
  expect(of('data folder')).toEqual([`problem: ${disk} cannot be written by this user.`]);
  expect(code).toBe(1);
});

it('tells of one that cannot be made', async () => {
  mount('ro,mode=700');
  const data = join(disk, 'data');
  const { of } = await examine({ HONGBAO_DATA: data, HONGBAO_PORT: '0' });
  expect(of('data folder')).toEqual([`problem: ${data} cannot be made by this user.`]);
});

it('tells how much is free', async () => {
  mount('size=8m,mode=700');
  const { code, of } = await examine({ HONGBAO_DATA: disk, HONGBAO_PORT: '0' });
  expect(of('disk')).toEqual([`problem: 8.0 MiB of 8.0 MiB are free on the disk of ${disk}.`]);
  expect(code).toBe(1);
});

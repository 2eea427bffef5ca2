import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';

let clone: string;

beforeEach(() => {
  clone = temporaryFolder();
  mkdirSync(join(clone, 'scripts'));
  copyFileSync(
    fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url)),
    join(clone, 'scripts/setup.mjs'),
  );
  writeFileSync(join(clone, 'package-lock.json'), '{"one":1}');
  npmThat(`
    const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
    appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n');
    mkdirSync('node_modules/node/bin', { recursive: true });
    writeFileSync('node_modules/node/bin/node', '');
  `);
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

/** Puts in a stand-in for npm. */
function npmThat(script: string): void {
  writeFileSync(join(clone, 'npm.js'), script);
}

function setup(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(clone, 'scripts/setup.mjs'), ...args],
    {
      cwd: clone,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, npm_execpath: join(clone, 'npm.js') },
    },
  );
  return { status, output: stdout + stderr };
}

const npmCalls = (): string[] =>
  existsSync(join(clone, 'npm-calls'))
    ? readFileSync(join(clone, 'npm-calls'), 'utf8').trim().split('\n')
    : [];

describe('setup', () => {
  it('installs what the lock file says on a fresh clone, and says that it does', () => {
    const { status, output } = setup();
    expect(status).toBe(0);
    expect(output).toContain('setup: installing packages with `npm ci` (there are none yet)');
    expect(npmCalls()).toEqual(['ci --no-audit --no-fund --loglevel=error --include=dev']);
  });

  it('does nothing when everything is there, and can do so without a word', () => {
    setup();
    expect(setup().output).toBe('setup: packages are up to date\n');
    expect(setup('--quiet')).toEqual({ status: 0, output: '' });
    expect(npmCalls()).toHaveLength(1);
  });

  it('installs again when the lock file has changed, or an installation was cut short', () => {
    setup();
    writeFileSync(join(clone, 'package-lock.json'), '{"two":2}');
    expect(setup().output).toContain('(package-lock.json has changed)');

    npmThat('process.exit(1)');
    writeFileSync(join(clone, 'package-lock.json'), '{"three":3}');
    expect(setup()).toMatchObject({ status: 1, output: expect.stringContaining('npm could not install') });
    expect(setup().status).toBe(1);
  });

  it('notices when install scripts were not allowed to bring the pinned Node', () => {
    npmThat(`require('node:fs').mkdirSync('node_modules')`);
    expect(setup()).toMatchObject({ status: 1, output: expect.stringContaining('left out the pinned Node') });
  });
});

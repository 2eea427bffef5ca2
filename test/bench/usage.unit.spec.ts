import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
const bench = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });

describe('npm run bench', () => {
  it.each([
    [[], 'Name a bench.'],
    [['nothing'], 'There is no bench "nothing".'],
    [['grab', '--users', 'many'], '--users takes a whole number'],
    [['grab', '--shares', '200'], 'A packet has at most 100 shares'],
  ])('with %j says what is wrong, lists the benches, and ends with 2', (args, sentence) => {
    const { status, stderr, stdout } = bench(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(sentence);
    for (const name of ['connections', 'grab']) expect(stderr).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'));
    expect(stdout).toBe('');
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, exitCodes } from '../../src/cli/cli-error.ts';

const failure = (message: string, properties: object) => Object.assign(new Error(message), properties);

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('expected it to throw');
}

describe('the exit code of a failure', () => {
  it.each<[string, unknown]>([
    ['a file of somebody else', failure('EACCES: permission denied', { code: 'EACCES', syscall: 'open' })],
    ['a file where a folder should be', thrownBy(() => readFileSync(`${import.meta.filename}/file`))],
    ['a full disk', failure('ENOSPC: no space left on device', { code: 'ENOSPC', syscall: 'write' })],
    ['a refused password', failure('password authentication failed', { code: '28P01' })],
    ['a lost connection', new Error('Connection terminated unexpectedly')],
  ])('is 3 for %s', (_what, error) => {
    expect(exitCodeOf(error)).toBe(exitCodes.unavailable);
  });

  it.each<[string, unknown]>([
    ['a mistake of ours', new TypeError('x is not a function')],
    ['a statement that PostgreSQL does not understand', failure('syntax error', { code: '42601' })],
    ['a file of the program that is missing', thrownBy(() => readFileSync('/nowhere/at/all'))],
  ])('is none for %s, which keeps its stack', (_what, error) => {
    expect(exitCodeOf(error)).toBeUndefined();
  });
});

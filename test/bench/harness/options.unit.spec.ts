import { describe, expect, it } from 'vitest';
import { readOptions, UsageError } from '../../../bench/harness/options.ts';

const options = {
  users: { default: 50, min: 1, means: 'users' },
  'idle-seconds': { default: 3, min: 0, means: 'seconds' },
};

describe('the options of a bench', () => {
  it('have their defaults', () => {
    expect(readOptions(options, [])).toEqual({
      values: { users: 50, 'idle-seconds': 3 },
      json: undefined,
    });
  });

  it('are taken from the command line, and the file for the JSON with them', () => {
    expect(readOptions(options, ['--users', '7', '--json', 'out.json', '--idle-seconds=0'])).toEqual({
      values: { users: 7, 'idle-seconds': 0 },
      json: 'out.json',
    });
  });

  it.each([
    [['--users', '0']],
    [['--users', '1.5']],
    [['--users', 'many']],
    [['--users', '']],
    [['--user', '5']],
    [['surplus']],
  ])('%j are refused with a sentence', (args) => {
    expect(() => readOptions(options, args)).toThrow(UsageError);
  });
});

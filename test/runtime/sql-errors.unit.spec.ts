import { describe, expect, it } from 'vitest';
import { isLockConflict, isTransient } from '../../src/runtime/sql-errors.ts';

const coded = (code: string, more: object = {}): Error =>
  Object.assign(new Error('something happened'), { code, ...more });

describe('a fault of the database that may pass', () => {
  it.each(['ENOTFOUND', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL', 'EMFILE', 'EPIPE', 'EAI_AGAIN'])(
    'is what the system met on the way: %s, known by its name or by having a system call',
    (code) => {
      expect(isTransient(coded(code))).toBe(true);
      expect(isTransient(coded('ANYTHING', { syscall: 'connect' }))).toBe(true);
    },
  );

  it.each(['08006', '40001', '53300', '57P01', '57P03', '58030', '25006', '25P03', '55P03', '40P01'])(
    'is SQLSTATE %s',
    (state) => expect(isTransient(coded(state, { severity: 'ERROR' }))).toBe(true),
  );

  it.each(['Connection terminated unexpectedly', 'timeout expired', 'Query read timeout'])(
    'is what pg says without a code: %s',
    (text) => expect(isTransient(new Error(text))).toBe(true),
  );

  it('is an unreachable address among all that a name has', () => {
    expect(isTransient(new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]))).toBe(true);
  });
});

describe('a fault that stays', () => {
  it.each(['22P02', '23505', '42P01', '25P02', 'XX000'])('is SQLSTATE %s', (state) =>
    expect(isTransient(coded(state, { severity: 'ERROR' }))).toBe(false),
  );

  it.each([new TypeError('x is not a function'), coded('ERR_INVALID_ARG_TYPE'), 'text', undefined])(
    'is a defect of the code: %s',
    (error) => expect(isTransient(error)).toBe(false),
  );
});

it('a lock that is not to be had, and the losing side of a deadlock, are lock conflicts', () => {
  expect(['55P03', '40P01', '23505'].map((state) => isLockConflict(coded(state)))).toEqual([
    true,
    true,
    false,
  ]);
});

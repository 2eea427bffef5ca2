import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileFilterRegex } from '../../../../../infra/eventstore/embedded/streams/filter-regex.ts';
import { GrpcError, grpcStatus } from '../../../../../infra/eventstore/embedded/grpc/grpc-status.ts';

describe('a filter expression', () => {
  test.each([
    ['^order-', 'order-1', 'reorder-1'],
    ['order\\-\\d+$', 'order-17', 'order-x'],
    ["it\\'s", "it's", 'its'],
    ['^[\\w-.]+$', 'a-b.c', 'a b'],
    ['(?i)packet', 'PACKET-1', 'pocket'],
    ['(?i:a)b', 'Ab', 'AB'],
    ['\\Aorder\\z', 'order', 'orders'],
    ['order\\Z', 'reorder', 'orders'],
    ['^\\w+$', '订单', '订 单'],
    ['^[\\W]$', '-', '单'],
    ['^\\d$', '٣', 'x'],
    ['\\s', 'a b', 'ab'],
    ['^\\u8ba2\\x41', '订A', '订B'],
    ['^(?<kind>a|b)-', 'b-1', 'c-1'],
    ['^[]a]+$', ']a', '[a'],
    ['^[[:]+$', '[:', 'a'],
    ['^[^$].*', 'order', '$stats'],
    ['^[\\b]$', '\b', 'b'],
    ['^\\p{Lu}', 'Order', 'order'],
    ['a\\_b', 'a_b', 'a\\_b'],
  ])('%s means what it means to .NET', (expression, matching, other) => {
    const matches = compileFilterRegex(expression);
    expect([matches(matching), matches(other)]).toEqual([true, false]);
  });

  test.each(['^[^$]', '^[^\\$]', '^[^$].*', '^[^\\$].*'])(
    '%s is answered from one character, as it means',
    (expression) => {
      const matches = compileFilterRegex(expression);
      fc.assert(
        fc.property(
          fc.oneof(
            fc.string({ unit: 'binary' }),
            fc.string().map((text) => `$${text}`),
          ),
          (text) => {
            expect(matches(text)).toBe(new RegExp(expression, 'u').test(text));
          },
        ),
      );
      expect(matches('')).toBe(false);
      expect(matches('\n')).toBe(true);
    },
  );

  test.each([
    ['^(?!\\$)', 'order', '$stats'],
    ['^(?!order|account).*$', 'packet', 'order-1'],
    ['^(?!.*secret)(?=.*public)a', 'a-public', 'a-public-secret'],
    ['(?i)^(?!SYSTEM)s', 'Sys', 'System'],
    ['\\A(?!(?:a|b)c)', 'ad', 'bc'],
  ])('%s may exclude right behind its anchor', (expression, matching, other) => {
    const matches = compileFilterRegex(expression);
    expect([matches(matching), matches(other)]).toEqual([true, false]);
  });

  test.each([
    ['(', 'an open group'],
    ['a)', 'a closed one'],
    ['[a', 'open brackets'],
    ['a**', 'a repetition of a repetition'],
    ['[z-a]', 'a range backwards'],
    ['\\', 'an escape of nothing'],
    ['(a)\\1', 'a back reference'],
    ['a(?=b)', 'a look-ahead elsewhere'],
    ['(?<=a)b', 'a look-behind'],
    ['^(?!a)|b', 'an excluded alternative'],
    ['(?>a)', 'an atomic group'],
    ['[a-z-[aeiou]]', 'subtracted brackets'],
    ['a{1001}', 'too many repetitions'],
    ['(a{100}){100}', 'too many of too many'],
    ['(.{40}){30}', 'a program too large'],
    ['a'.repeat(1_025), 'too many characters'],
    ['\\Q', 'an unknown escape'],
    ['\\p{Klingon}', 'an unknown script'],
  ])('%s is refused: %s', (expression) => {
    const compile = (): unknown => compileFilterRegex(expression);
    expect(compile).toThrow(GrpcError);
    expect(compile).toThrow(expect.objectContaining({ status: grpcStatus.invalidArgument }));
  });

  // Backtracking would take 2^1000 steps for each: these end the test or hang it.
  test.each(['^(a+)+$', '^(a|a)*$', '^(a*)*b', '(a+)+$', '(?i)^([a-z]+)*\\d$'])(
    '%s is matched in linear time',
    (expression) => {
      const text = 'a'.repeat(1_000);
      expect(compileFilterRegex(expression)(`${text}!`)).toBe(false);
    },
  );
});

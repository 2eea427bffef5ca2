import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameJson } from '../../src/domain/same-json.ts';

describe('the same JSON', () => {
  it('does not mind the order of keys, and minds that of lists', () => {
    expect(sameJson({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
    expect(sameJson([1, 2], [2, 1])).toBe(false);
  });

  it.each([
    [{}, []],
    [{ a: undefined }, { b: undefined }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1, b: 2 }, { a: 1 }],
    [null, {}],
    [0, false],
    ['1', 1],
    [[1], [1, 2]],
  ])('tells %j from %j', (one, other) => {
    expect(sameJson(one, other)).toBe(false);
  });

  it('survives writing and reading', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(sameJson(JSON.parse(JSON.stringify(value)), JSON.parse(JSON.stringify(value)))).toBe(true);
      }),
    );
  });
});

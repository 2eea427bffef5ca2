import { describe, expect, it } from 'vitest';
import { hash32, partitionOf } from '../../src/projections/partitions.ts';
import { uuid } from '../support/domain-fixtures.ts';

describe('partitions', () => {
  it('give a stream the same partition always: these are written down in databases', () => {
    expect(['', 'a', 'wallet-1'].map(hash32)).toMatchInlineSnapshot(`
      [
        2872998923,
        444641715,
        279983759,
      ]
    `);
  });

  it('spread streams whose names differ in their last characters only', () => {
    const counts = new Array<number>(16).fill(0);
    for (let number = 0; number < 16_000; number++) {
      const partition = partitionOf(`wallet-${uuid(number)}`, 16);
      counts[partition] = counts[partition]! + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });
});

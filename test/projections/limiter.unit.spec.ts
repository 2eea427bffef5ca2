import { describe, expect, it } from 'vitest';
import { limiter } from '../../src/projections/limiter.ts';

describe('the limiter', () => {
  it('never runs more than its bound, runs all of them in order, and lets failures pass', async () => {
    const limit = limiter(2);
    const started: number[] = [];
    let running = 0;
    let runningMax = 0;
    const work = (number: number) =>
      limit(async () => {
        started.push(number);
        running += 1;
        runningMax = Math.max(runningMax, running);
        await Promise.resolve();
        running -= 1;
        if (number === 3) throw new Error('three');
        return number;
      });
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(work));
    expect(started).toEqual([1, 2, 3, 4, 5]);
    expect(runningMax).toBe(2);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
  });
});

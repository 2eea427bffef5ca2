import { describe, expect, it } from 'vitest';
import { firstRefusal } from '../../src/commands/first-refusal.ts';
import { rejection } from '../../src/domain/decider.ts';

const refusalOf = (item: number) => rejection('not-found', `There is no ${item}.`);
const items = (count: number) => Array.from({ length: count }, (_, index) => index);
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the first refusal', () => {
  it('is nothing when nothing is refused, and everything was asked, so many at once', async () => {
    const asked: number[] = [];
    let running = 0;
    let most = 0;
    const refusal = await firstRefusal(items(20), 4, async (item) => {
      asked.push(item);
      running += 1;
      most = Math.max(most, running);
      await nextTurn();
      running -= 1;
      return undefined;
    });
    expect(refusal).toBeUndefined();
    expect(asked).toEqual(items(20));
    expect(most).toBe(4);
  });

  it('ends the asking', async () => {
    const asked: number[] = [];
    await firstRefusal(items(500), 4, async (item) => {
      asked.push(item);
      await nextTurn();
      return item >= 6 ? refusalOf(item) : undefined;
    });
    // The two that were asked before the first refused one take the next two up.
    expect(asked).toEqual(items(10));
  });

  it('is the first of the list, not of time', async () => {
    const slow = Promise.withResolvers<void>();
    const found = firstRefusal(items(4), 4, async (item) => {
      if (item === 1) await slow.promise;
      return item === 0 ? undefined : refusalOf(item);
    });
    await nextTurn();
    slow.resolve();
    expect(await found).toEqual(refusalOf(1));
  });

  it('fails with the rule, and asks no further', async () => {
    const asked: number[] = [];
    const found = firstRefusal(items(500), 2, async (item) => {
      asked.push(item);
      await nextTurn();
      if (item === 0) throw new Error('the log does not answer');
      return undefined;
    });
    await expect(found).rejects.toThrow('does not answer');
    await nextTurn();
    expect(asked.length).toBeLessThanOrEqual(4);
  });
});

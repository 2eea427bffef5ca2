import { expect, test } from 'vitest';
import { createTurns } from '../../src/runtime/turns.ts';

/** Work that goes on until the test ends it. */
function someWork(count: number) {
  const started: number[] = [];
  const ends = Array.from({ length: count }, () => Promise.withResolvers<void>());
  const work = (index: number) => async (): Promise<number> => {
    started.push(index);
    await ends[index]?.promise;
    return index;
  };
  return { started, ends, work };
}

test('so many at once, so many waiting in the order of their coming, and the next one is told at once', async () => {
  const turns = createTurns({ atOnceMax: 2, queueMax: 2 });
  const { started, ends, work } = someWork(5);
  const all = [0, 1, 2, 3, 4].map((index) => turns.take(work(index)));
  expect(await all[4]).toBe('busy');
  expect(started).toEqual([0, 1]);
  ends[1]?.resolve();
  expect(await all[1]).toBe(1);
  expect(started).toEqual([0, 1, 2]);
  for (const end of ends) end.resolve();
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 'busy']);
  expect(started).toEqual([0, 1, 2, 3]);
});

test('work that fails gives its turn on', async () => {
  const turns = createTurns({ atOnceMax: 1, queueMax: 1 });
  const failing = turns.take(() => Promise.reject(new Error('no')));
  const next = turns.take(async () => 'done');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('done');
  expect(await turns.take(async () => 'again')).toBe('again');
});

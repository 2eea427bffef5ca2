import { expect, test } from 'vitest';
import { FilterTurns } from '../../../../../infra/eventstore/embedded/streams/filter-turns.ts';
import { limits } from '../../../../../src/config/limits.ts';
import { aLoop } from './a-loop.ts';

const { filterSliceMs } = limits.eventNode;

test('filters that cost a whole slice get one turn of the event loop each, first come, first served', async () => {
  const loop = aLoop();
  const turns = new FilterTurns(loop.clock, loop.timers);
  const done: number[] = [];
  const matches = [1, 2, 3].map(async (id) => {
    await turns.run(() => {
      loop.pass(filterSliceMs);
      return done.push(id) > 0;
    });
  });
  for (const expected of [[1], [1, 2], [1, 2, 3]]) {
    await settled();
    expect(done).toEqual(expected);
    loop.turn();
  }
  await Promise.all(matches);
});

test('cheap filters share a turn, and a waiting one lets the next go on when it was cheap', async () => {
  const loop = aLoop();
  const turns = new FilterTurns(loop.clock, loop.timers);
  const cost = (ms: number) => (): boolean => {
    loop.pass(ms);
    return true;
  };
  expect(turns.run(cost(filterSliceMs / 2))).toBe(true);
  expect(turns.run(cost(filterSliceMs / 2))).toBe(true);
  const waiting = Promise.all([turns.run(cost(1)), turns.run(cost(1)), turns.run(cost(1))]);
  loop.turn();
  expect(await waiting).toEqual([true, true, true]);
});

test('a filter that throws leaves the others their turns', async () => {
  const loop = aLoop();
  const turns = new FilterTurns(loop.clock, loop.timers);
  turns.run(() => {
    loop.pass(filterSliceMs);
    return true;
  });
  const failing = Promise.resolve(
    turns.run(() => {
      throw new Error('broken');
    }),
  );
  const next = turns.run(() => true);
  loop.turn();
  await expect(failing).rejects.toThrow('broken');
  expect(await next).toBe(true);
});

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

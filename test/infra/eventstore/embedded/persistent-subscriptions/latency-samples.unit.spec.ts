import { expect, test } from 'vitest';
import { LatencySamples } from '../../../../../infra/eventstore/embedded/persistent-subscriptions/latency-samples.ts';

test('measures answers, of which it remembers the last ones', () => {
  const samples = new LatencySamples(4);
  expect(samples.measurements()).toEqual([]);
  for (const ms of [1_000, 10, 20, 30, 40]) {
    samples.started(`after ${ms}`, 0);
    samples.answered(`after ${ms}`, ms);
  }
  const measured = Object.fromEntries(samples.measurements());
  expect(measured).toMatchObject({
    Mean: 25,
    Median: 30,
    Fastest: 10,
    'Quintile 1': 10,
    '99.9%': 40,
    Highest: 40,
  });
});

test('forgets events that were never answered', () => {
  const samples = new LatencySamples(2);
  for (const id of ['a', 'b', 'c']) samples.started(id, 0);
  samples.answered('a', 5);
  expect(samples.measurements()).toEqual([]);
  samples.answered('c', 5);
  expect(Object.fromEntries(samples.measurements())).toMatchObject({ Mean: 5 });
});

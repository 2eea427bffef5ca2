import { expect, test } from 'vitest';
import { checkpointDueInMs } from '../../../../../infra/eventstore/embedded/persistent-subscriptions/checkpoint-rule.ts';

const rule = { minCheckpointCount: 5, maxCheckpointCount: 100, checkpointAfterMs: 2_000 };
const never = Number.POSITIVE_INFINITY;

test.each([
  ['nothing was processed', rule, 0, 10_000, never],
  ['there is less than the least', rule, 4, 10_000, never],
  ['there is the least, and it is time', rule, 5, 2_000, 0],
  ['there is the least, and it is not time yet', rule, 5, 500, 1_500],
  ['there is the most', rule, 100, 0, 0],
  ['there never was one', rule, 5, never, 0],
  ['time does not count', { ...rule, checkpointAfterMs: 0 }, 99, 10_000, never],
  ['time does not count, but there is the most', { ...rule, checkpointAfterMs: 0 }, 100, 0, 0],
  ['the most is 0', { ...rule, maxCheckpointCount: 0 }, 1, 0, 0],
])('when %s', (_, given, events, sinceLastMs, dueInMs) => {
  expect(checkpointDueInMs(given, events, sinceLastMs)).toBe(dueInMs);
});

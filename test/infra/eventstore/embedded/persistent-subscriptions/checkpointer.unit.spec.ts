import { expect, test } from 'vitest';
import { Checkpointer } from '../../../../../infra/eventstore/embedded/persistent-subscriptions/checkpointer.ts';
import { limits } from '../../../../../src/config/limits.ts';
import { someSettings } from './a-group.ts';

const rule = { ...someSettings, minCheckpointCount: 1, maxCheckpointCount: 10, checkpointAfterMs: 1_000 };
const at = (index: number) => ({ index, events: index + 1 });

/** A checkpointer whose writes end when the test says so. */
function aCheckpointer() {
  const writes: { index: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  const store = {
    write: (index: number) =>
      new Promise<void>((resolve, reject) => {
        writes.push({ index, resolve, reject });
      }),
  };
  return { checkpointer: new Checkpointer(store, rule, undefined), writes };
}

test('writes one progress at a time, and says what is stored only when it is', async () => {
  const { checkpointer, writes } = aCheckpointer();
  const write = checkpointer.write(at(4), 0);
  expect(checkpointer.dueInMs(at(100), 0)).toBe(Number.POSITIVE_INFINITY);
  expect(checkpointer.mayWrite(at(100), 0)).toBe(false);
  expect(checkpointer.index).toBeUndefined();
  writes[0]?.resolve();
  await write;
  expect(checkpointer.index).toBe(4);
  expect(checkpointer.dueInMs(at(14), 0)).toBe(0);
});

test('counts from the last write on', async () => {
  const { checkpointer, writes } = aCheckpointer();
  const write = checkpointer.write(at(4), 500);
  writes[0]?.resolve();
  await write;
  expect(checkpointer.mayWrite(at(4), 10_000)).toBe(false);
  expect(checkpointer.dueInMs(at(5), 700)).toBe(800);
});

test('waits after a write that failed, and tries the same again', async () => {
  const { checkpointer, writes } = aCheckpointer();
  const write = checkpointer.write(at(20), 0);
  writes[0]?.reject(new Error('the disk is full'));
  await write;
  const waitMs = limits.eventNode.groupCheckpointRetryMs;
  expect(checkpointer.index).toBeUndefined();
  expect(checkpointer.dueInMs(at(20), 0)).toBe(waitMs);
  expect(checkpointer.mayWrite(at(20), 0)).toBe(false);
  expect(checkpointer.dueInMs(at(20), waitMs)).toBe(0);
  expect(checkpointer.mayWrite(at(20), waitMs)).toBe(true);
});

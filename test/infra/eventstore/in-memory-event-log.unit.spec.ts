import { expect, test } from 'vitest';
import { anEvent, collect, eventLogContract } from '../../support/event-log-contract.ts';
import { InMemoryEventLog, SimulatedCrash } from '../../support/in-memory-event-log.ts';

eventLogContract('in memory', async () => {
  const log = new InMemoryEventLog();
  return { log, close: () => log.close() };
});

test('crashes before an append and has written nothing', async () => {
  const log = new InMemoryEventLog();
  log.faults.push({ at: 'before-append', kind: 'crash', stream: 's' });
  await log.append('other', 'no-stream', [anEvent()]);
  await expect(log.append('s', 'no-stream', [anEvent()])).rejects.toThrow(SimulatedCrash);
  expect(await collect(log.readStream('s'))).toEqual([]);
});

test('answers unknown after an append that was written, on the third one', async () => {
  const log = new InMemoryEventLog();
  log.faults.push({ at: 'after-append', kind: 'unknown', skip: 2 });
  const results = [];
  for (const expected of ['no-stream', 0, 1, 2] as const) {
    results.push((await log.append('s', expected, [anEvent()])).kind);
  }
  expect(results).toEqual(['appended', 'appended', 'unknown', 'appended']);
  expect(log.events).toHaveLength(4);
});

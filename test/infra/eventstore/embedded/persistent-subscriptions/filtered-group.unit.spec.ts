/** A group whose filter costs much shares the event loop like a read with such a filter. */
import { rmSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GroupCore } from '../../../../../infra/eventstore/embedded/persistent-subscriptions/group-core.ts';
import { GroupSource } from '../../../../../infra/eventstore/embedded/persistent-subscriptions/group-source.ts';
import { LogWatch } from '../../../../../infra/eventstore/embedded/persistent-subscriptions/log-watch.ts';
import { SourceReader } from '../../../../../infra/eventstore/embedded/persistent-subscriptions/source-reader.ts';
import { EventStore } from '../../../../../infra/eventstore/embedded/storage/event-store.ts';
import type { StoredRecord } from '../../../../../infra/eventstore/embedded/storage/stored-record.ts';
import { FilterTurns } from '../../../../../infra/eventstore/embedded/streams/filter-turns.ts';
import { limits } from '../../../../../src/config/limits.ts';
import { systemRuntime } from '../../../../../src/runtime/system-runtime.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';
import { aLoop } from '../streams/a-loop.ts';
import { someSettings } from './a-group.ts';

const runtime = systemRuntime();
const name = { stream: undefined, group: 'group' };
const EVENTS = 4;
let dataDir: string;
let store: EventStore;
let loop: ReturnType<typeof aLoop>;
let turns: FilterTurns;
/** Positions that the filter was asked about. */
let asked: number[];

beforeEach(async () => {
  dataDir = temporaryFolder();
  store = new EventStore({
    dataDir,
    clock: runtime.clock,
    ids: runtime.ids,
    logger: pino({ level: 'silent' }),
  });
  const contentType = 'application/json';
  const event = () =>
    ({
      id: runtime.ids.next(),
      type: 'T',
      contentType,
      data: Buffer.from('{}'),
      metadata: new Uint8Array(),
    }) as const;
  await store.append('s', { kind: 'any' }, Array.from({ length: EVENTS }, event));
  loop = aLoop();
  turns = new FilterTurns(loop.clock, loop.timers);
  asked = [];
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** A source with a filter that takes a whole slice for each event. */
function aCostlySource(isWanted: (position: number) => boolean): GroupSource {
  const filter = {
    checkpointIntervalEvents: 1,
    matches: ({ position }: StoredRecord) => {
      asked.push(position);
      loop.pass(limits.eventNode.filterSliceMs);
      return isWanted(position);
    },
  };
  return new GroupSource(store, runtime.clock, { name, settings: someSettings, filter, turns }, 1);
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('its filter gets one slice of each turn of the event loop, and finds what it would find at once', async () => {
  const read = aCostlySource((position) => position % 2 === 0).read(EVENTS);
  for (const expected of [[1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]) {
    await settled();
    expect(asked).toEqual(expected);
    loop.turn();
  }
  expect((await read).map(({ kind }) => kind)).toEqual(['passed', 'event', 'passed', 'event']);
});

test('a filter of a read that has used the turn up makes it wait, too', async () => {
  turns.run(() => {
    loop.pass(limits.eventNode.filterSliceMs);
    return true;
  });
  void aCostlySource(() => true).read(1);
  await settled();
  expect(asked).toEqual([]);
  loop.turn();
  await settled();
  expect(asked).toEqual([1]);
});

test('a group that is left and joined while its filter waits gets every event once, in order', async () => {
  const core = new GroupCore(someSettings, 0);
  const delivered: number[] = [];
  const step = (): void => {
    for (const { message } of core.dispatch(0)) delivered.push(message.index);
  };
  const config = { name, settings: someSettings, filter: undefined, firstIndex: 1 };
  const deps = { store, runtime, watch: new LogWatch(store), turns };
  const source = aCostlySource(() => true);
  const reader = new SourceReader(deps, config, source, core, {
    read: step,
    failed: (error) => {
      throw error;
    },
  });
  core.addClient('client', 10);
  reader.start();
  await settled();
  expect(asked).toEqual([1]);
  reader.stop();
  reader.start();
  for (let turn = 0; turn < EVENTS; turn++) {
    loop.turn();
    await settled();
  }
  expect(asked).toEqual([1, 2, 3, 4]);
  expect(delivered).toEqual([1, 2, 3, 4]);
  reader.stop();
});

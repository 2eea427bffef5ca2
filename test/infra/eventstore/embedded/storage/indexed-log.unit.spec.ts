import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Expected } from '../../../../../infra/eventstore/embedded/storage/append-decision.ts';
import { EventStore } from '../../../../../infra/eventstore/embedded/storage/event-store.ts';
import { LmdbFile } from '../../../../../infra/eventstore/embedded/storage/lmdb-file.ts';
import { dataFile } from '../../../../../infra/eventstore/embedded/storage/data-files.ts';
import {
  type ProposedEvent,
  RecordCorrupt,
} from '../../../../../infra/eventstore/embedded/storage/stored-record.ts';
import { Tables } from '../../../../../infra/eventstore/embedded/storage/tables.ts';
import { u64 } from '../../../../../infra/eventstore/embedded/storage/u64.ts';
import { verifyTables } from '../../../../../infra/eventstore/embedded/storage/verify-data.ts';

const clock = { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0 };
const idOf = (family: number, number: number): string =>
  `${family.toString(16).padStart(8, '0')}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
const event = (id: string, type = 'T', data = '{}'): ProposedEvent => ({
  id,
  type,
  contentType: 'application/json',
  data: Buffer.from(data),
  metadata: new Uint8Array(),
});
const any: Expected = { kind: 'any' };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-indexed-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A store whose process can be stopped, or killed, and started again. */
class Restartable {
  readonly #eventsMax: number;
  readonly #name: string;
  #lives = 0;
  #ids = 0;
  dataDir: string;
  store: EventStore;

  constructor(name: string, recentIndexEventsMax: number) {
    this.#name = name;
    this.#eventsMax = recentIndexEventsMax;
    this.dataDir = join(folder, name, '0');
    mkdirSync(this.dataDir, { recursive: true });
    this.store = this.#open();
  }

  async stopAndStart(): Promise<void> {
    await this.store.close();
    this.store = this.#open();
  }

  /** What a kill leaves is the data file as it is between two commits. */
  async killAndStart(): Promise<void> {
    const left = join(folder, this.#name, String(++this.#lives));
    cpSync(this.dataDir, left, { recursive: true });
    await this.store.close();
    this.dataDir = left;
    this.store = this.#open();
  }

  async problems(): Promise<readonly string[]> {
    const tables = new Tables(this.dataDir, { readOnly: true });
    const report = verifyTables(tables);
    await tables.close();
    return report.problems;
  }

  #open(): EventStore {
    return new EventStore({
      dataDir: this.dataDir,
      clock,
      ids: { next: () => idOf(0xffff, this.#ids++) },
      logger: pino({ level: 'silent' }),
      recentIndexEventsMax: this.#eventsMax,
    });
  }
}

const written = ['a-1', 'a-2', 'b', 'c-1'];
const all = [...written, ...written.map((name) => `$$${name}`), '$ce-a', '$ce-c', '$et-T', '$et-U'];

/** All that can be read of a store. */
function everything(store: EventStore): unknown {
  const log = Array.from({ length: store.lastPosition + 2 }, (_, at) =>
    store.record(at)?.wire.toString('hex'),
  );
  const streams = all.map((name) => {
    const read = store.streamReader(name);
    const state = store.stream(name);
    const events = Array.from({ length: state.lastRevision + 3 }, (_, at) => read(at - 1)?.position);
    return { name, state, events };
  });
  return { lastPosition: store.lastPosition, log, streams };
}

type Step = (each: Restartable) => Promise<unknown>;
/** Every write gets the ids of its own number; a resend those of an earlier one. */
const eventsOf = (family: number, count: number, type: string): ProposedEvent[] =>
  Array.from({ length: count }, (_, index) => event(idOf(family, index), type));
const stream = fc.constantFrom(...written);
const append = fc.tuple(
  stream,
  fc.nat(12),
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom('T', 'U', '$streamDeleted'),
  fc.constantFrom<Expected>(
    any,
    any,
    { kind: 'no-stream' },
    { kind: 'revision', revision: 1 },
    { kind: 'stream-exists' },
  ),
);
const step: fc.Arbitrary<{ text: string; run: Step }> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.array(append, { minLength: 1, maxLength: 4 }).map((appends) => ({
      text: `append ${JSON.stringify(appends)}`,
      run: ({ store }: Restartable) =>
        Promise.all(
          appends.map(([name, family, count, type, expected]) =>
            store.append(name, expected, eventsOf(family, count, type)),
          ),
        ),
    })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(stream, fc.constantFrom({ $maxCount: 1 }, { $tb: 2 }, {}), fc.uuid())
      .map(([name, metadata, id]) => ({
        text: `metadata of ${name} ${JSON.stringify(metadata)}`,
        run: ({ store }: Restartable) =>
          store.append(`$$${name}`, any, [event(id, '$metadata', JSON.stringify(metadata))]),
      })),
  },
  {
    weight: 2,
    arbitrary: stream.map((name) => ({
      text: `delete ${name}`,
      run: ({ store }: Restartable) => store.delete(name, any),
    })),
  },
  {
    weight: 1,
    arbitrary: stream.map((name) => ({
      text: `tombstone ${name}`,
      run: ({ store }: Restartable) => store.tombstone(name, any),
    })),
  },
  {
    weight: 1,
    arbitrary: fc.constant({
      text: 'scavenge',
      run: ({ store }: Restartable) => store.scavenge(new AbortController().signal, turn),
    }),
  },
);
const restart = fc.constantFrom('no' as const, 'no' as const, 'stop' as const, 'kill' as const);

describe('a store whose newest index entries are in memory', () => {
  test('answers and shows what one does that has them all in its tables, whatever restarts there are', async () => {
    const history = fc.array(fc.tuple(step, restart), { minLength: 1, maxLength: 14 });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(history, fc.integer({ min: 0, max: 12 }), async (steps, eventsMax) => {
        const run = runs++;
        const tested = new Restartable(`tested-${run}`, eventsMax);
        const plain = new Restartable(`plain-${run}`, 0);
        try {
          for (const [{ run: perform, text }, then] of steps) {
            expect(await perform(tested), text).toEqual(await perform(plain));
            // An orderly stop brings the tables up to date: of this one nothing is ever read from memory.
            await plain.stopAndStart();
            expect(everything(tested.store), text).toEqual(everything(plain.store));
            if (then === 'kill') await tested.killAndStart();
            if (then === 'stop') await tested.stopAndStart();
            expect(everything(tested.store), `${text}, then ${then}`).toEqual(everything(plain.store));
            expect(await tested.problems(), text).toEqual([]);
          }
        } finally {
          await tested.store.close();
          await plain.store.close();
        }
      }),
      { numRuns: 20 },
    );
  }, 60_000);

  test('has index entries for a commit in its tables only when there is no room for more in memory', async () => {
    const each = new Restartable('s', 4);
    const indexed = async (): Promise<number> => {
      const tables = new Tables(each.dataDir, { readOnly: true });
      const position = tables.indexedPosition();
      await tables.close();
      return position;
    };
    const positions: number[] = [];
    for (let family = 0; family < 6; family++) {
      await each.store.append('s', any, eventsOf(family, 2, 'T'));
      positions.push(await indexed());
    }
    expect(positions).toEqual([0, 0, 4, 4, 8, 8]);
    await each.store.close();
    expect(await indexed()).toBe(12);
  });

  test('takes an append that is larger than the memory has room for', async () => {
    const each = new Restartable('s', 4);
    await each.store.append('s', any, eventsOf(1, 100, 'T'));
    await each.killAndStart();
    expect(await each.store.append('s', any, eventsOf(1, 100, 'T'))).toMatchObject({ revision: 99 });
    expect(await each.store.append('s', any, eventsOf(2, 1, 'T'))).toMatchObject({ revision: 100 });
    expect(await each.problems()).toEqual([]);
    await each.store.close();
  });
});

describe('a log that the index cannot follow', () => {
  /** Changes the data file of a killed store of three events, of which none is in the index tables. */
  async function damaged(change: (file: LmdbFile) => void): Promise<Restartable> {
    const each = new Restartable('s', 100);
    await each.store.append('s', any, eventsOf(1, 3, 'T'));
    await each.killAndStart();
    const left = each.dataDir;
    const copy = join(folder, 'damaged');
    cpSync(left, copy, { recursive: true });
    await each.store.close();
    const file = new LmdbFile(dataFile(copy));
    await file.commit(() => change(file));
    await file.close();
    each.dataDir = copy;
    return each;
  }
  const open = ({ dataDir }: Restartable): EventStore =>
    new EventStore({ dataDir, clock, ids: { next: () => idOf(9, 9) }, logger: pino({ level: 'silent' }) });

  test('is refused where a record is missing, and verifying says so', async () => {
    const each = await damaged((file) => file.table('log').remove(u64(2)));
    expect(() => open(each)).toThrow(RecordCorrupt);
    expect(await each.problems()).toEqual([expect.stringContaining('the record at position 2 is missing')]);
  });

  test('is refused where a record was changed', async () => {
    const each = await damaged((file) => {
      const record = Buffer.from(file.table('log').getBinary(u64(3)) ?? []);
      record[record.length - 1] = 0;
      file.table('log').put(u64(3), record);
    });
    expect(() => open(each)).toThrow('the record at position 3 is missing or does not match its checksum');
  });

  test('is refused where it is shorter than the index', async () => {
    const each = await damaged((file) => file.table('facts').put(Buffer.from('indexed-position'), u64(4)));
    expect(() => open(each)).toThrow('the index ends at position 4 and the log at 3');
    expect(await each.problems()).toContainEqual(expect.stringContaining('the index ends at position 4'));
  });

  test('is refused where the index has a part of it already', async () => {
    const each = new Restartable('s', 0);
    await each.store.append('s', any, eventsOf(1, 3, 'T'));
    await each.store.close();
    const file = new LmdbFile(dataFile(each.dataDir));
    await file.commit(() => file.table('facts').put(Buffer.from('indexed-position'), u64(1)));
    await file.close();
    expect(() => open(each)).toThrow('revision 1 of the stream s is written behind 2');
    expect(await each.problems()).toContainEqual(expect.stringContaining('is written behind'));
  });
});

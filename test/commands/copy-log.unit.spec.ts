import { describe, expect, it } from 'vitest';
import { copyLog } from '../../src/commands/copy-log.ts';
import { type EventLog, EventLogUnavailable } from '../../src/commands/event-log.ts';
import { ensureLogEpoch } from '../../src/commands/log-epoch.ts';
import { LogCopyConflict } from '../../src/commands/run-appender.ts';
import { anEvent, collect, someEvents } from '../support/event-log-contract.ts';
import { InMemoryEventLog, SimulatedCrash } from '../support/in-memory-event-log.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

const runtime = virtualRuntime();

async function aSource(): Promise<InMemoryEventLog> {
  const source = new InMemoryEventLog();
  await ensureLogEpoch(source, runtime);
  await source.append('a-1', 'no-stream', someEvents(3));
  await source.append('b-1', 'no-stream', someEvents(1));
  await source.append('a-1', 2, someEvents(450));
  await source.append('b-1', 0, [
    anEvent({ text: 'x'.repeat(400_000) }),
    anEvent({ text: 'y'.repeat(400_000) }),
  ]);
  return source;
}

const epochsIn = (log: InMemoryEventLog) => log.events.filter(({ type }) => type === 'EpochBegun');

/** The log's port as an object whose parts can be replaced. */
const logOf = (log: EventLog): EventLog => ({
  append: (...append) => log.append(...append),
  readStream: (...read) => log.readStream(...read),
  readAll: (options) => log.readAll(options),
  subscribe: (options) => log.subscribe(options),
  head: () => log.head(),
  close: () => log.close(),
});

const contentOf = async (log: EventLog) =>
  (await collect(log.readAll())).map(({ id, stream, revision, type, data, metadata }) => ({
    id,
    stream,
    revision,
    type,
    data,
    metadata,
  }));

describe('copying a log', () => {
  it('gives the target every event, in the same order, and an epoch of its own', async () => {
    const [source, target] = [await aSource(), new InMemoryEventLog()];
    expect(await copyLog({ source, target, runtime })).toBe(457);
    const copied = await contentOf(target);
    expect(copied.slice(0, -1)).toEqual(await contentOf(source));
    expect(copied.at(-1)).toMatchObject({ stream: 'log-epoch', type: 'EpochBegun', revision: 1 });
    expect(await ensureLogEpoch(target, runtime)).not.toBe(await ensureLogEpoch(source, runtime));
  });

  it('goes on where it was interrupted, and writes nothing twice', async () => {
    const [source, target] = [await aSource(), new InMemoryEventLog()];
    target.faults.push({ at: 'after-append', kind: 'unknown', skip: 2 });
    await expect(copyLog({ source, target, runtime })).rejects.toThrow(EventLogUnavailable);
    await copyLog({ source, target, runtime });
    expect((await contentOf(target)).slice(0, -1)).toEqual(await contentOf(source));
  });

  it('begins one epoch, however often it is run', async () => {
    const [source, target] = [await aSource(), new InMemoryEventLog()];
    for (let run = 0; run < 3; run += 1) await copyLog({ source, target, runtime });
    expect(epochsIn(target)).toHaveLength(2);
    // The source has grown meanwhile: its events come, and the positions of before are as they were.
    await source.append('a-1', 452, someEvents(1));
    await copyLog({ source, target, runtime });
    expect(epochsIn(target)).toHaveLength(2);
    expect(target.events.at(-1)).toMatchObject({ stream: 'a-1', revision: 453 });
  });

  it('begins the epoch that a copy was killed before', async () => {
    const [source, target] = [await aSource(), new InMemoryEventLog()];
    target.faults.push({ at: 'before-append', kind: 'crash', stream: 'log-epoch', skip: 1 });
    await expect(copyLog({ source, target, runtime })).rejects.toThrow(SimulatedCrash);
    expect(epochsIn(target)).toHaveLength(1);
    await copyLog({ source, target, runtime });
    expect(epochsIn(target)).toHaveLength(2);
  });

  it('goes on in the middle of what it would append at once', async () => {
    const source = new InMemoryEventLog();
    const events = someEvents(5);
    await source.append('a-1', 'no-stream', events);
    const target = new InMemoryEventLog();
    await target.append('a-1', 'no-stream', events.slice(0, 2));
    await copyLog({ source, target, runtime });
    expect((await contentOf(target)).slice(0, -1)).toEqual(await contentOf(source));
  });

  it('takes long texts of characters of three bytes', async () => {
    const [source, target] = [new InMemoryEventLog(), new InMemoryEventLog()];
    for (let revision = -1; revision < 2; revision += 1) {
      const expected = revision < 0 ? 'no-stream' : revision;
      await source.append('a-1', expected, [anEvent({ text: '红'.repeat(150_000) })]);
    }
    expect(await copyLog({ source, target, runtime })).toBe(3);
  });
});

describe('copying a log refuses', () => {
  const refusal = async (source: EventLog, target: EventLog): Promise<unknown> =>
    copyLog({ source, target, runtime }).then(
      () => 'copied',
      (error: unknown) => (error instanceof LogCopyConflict ? error.message : error),
    );

  it('a target with another history, and names what is there', async () => {
    const [source, target] = [await aSource(), new InMemoryEventLog()];
    await target.append('a-1', 'no-stream', someEvents(2));
    expect(await refusal(source, target)).toMatch(
      /^The target's stream a-1 has another event at revision 0: SomethingHappened \S+ is there, /,
    );
  });

  it('a target that hongbao has begun a history of its own in', async () => {
    const [source, target] = [await aSource(), new InMemoryEventLog()];
    await ensureLogEpoch(target, runtime);
    expect(await refusal(source, target)).toMatch(/stream log-epoch has another event at revision 0/);
  });

  it('to renumber what a truncated stream still has', async () => {
    const [source, target] = [await aSource(), new InMemoryEventLog()];
    const truncated: EventLog = {
      ...logOf(source),
      async *readAll(options) {
        for await (const event of source.readAll(options)) {
          if (event.stream !== 'a-1' || event.revision > 1) yield event;
        }
      },
    };
    expect(await refusal(truncated, target)).toBe(
      "The target's stream a-1 ends at revision -1, and the next event for it has revision 2: it would be renumbered",
    );
  });

  it('a target whose stream was truncated', async () => {
    const [source, target] = [await aSource(), new InMemoryEventLog()];
    await copyLog({ source, target, runtime });
    const truncated: EventLog = {
      ...logOf(target),
      async *readStream(stream, options) {
        for await (const event of target.readStream(stream, options)) {
          if (stream !== 'a-1' || event.revision > 0) yield event;
        }
      },
    };
    expect(await refusal(source, truncated)).toBe(
      "The target's stream a-1 has no revision 0 any more: it was truncated",
    );
  });

  it('what is not JSON', async () => {
    const source: EventLog = {
      ...logOf(new InMemoryEventLog()),
      async *readAll() {
        const event = anEvent(new Uint8Array([1, 2]));
        yield { ...event, stream: 'pictures', revision: 0, position: 1n };
      },
    };
    expect(await refusal(source, new InMemoryEventLog())).toMatch(
      /^Revision 0 of stream pictures is not JSON/,
    );
  });
});

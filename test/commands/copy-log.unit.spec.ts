import { describe, expect, it } from 'vitest';
import { copyLog, LogCopyConflict } from '../../src/commands/copy-log.ts';
import { type EventLog, EventLogUnavailable } from '../../src/commands/event-log.ts';
import { ensureLogEpoch } from '../../src/commands/log-epoch.ts';
import { anEvent, collect, someEvents } from '../support/event-log-contract.ts';
import { InMemoryEventLog } from '../support/in-memory-event-log.ts';
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
    let appends = 0;
    const failing: EventLog = Object.assign(Object.create(target), {
      append: async (...append: Parameters<EventLog['append']>) => {
        appends += 1;
        const result = await target.append(...append);
        return appends === 3 ? { kind: 'unknown', cause: 'the connection broke' } : result;
      },
    });
    await expect(copyLog({ source, target: failing, runtime })).rejects.toThrow(EventLogUnavailable);
    await copyLog({ source, target, runtime });
    expect((await contentOf(target)).slice(0, -1)).toEqual(await contentOf(source));
  });

  it('refuses a target with another history', async () => {
    const [source, target] = [await aSource(), new InMemoryEventLog()];
    await target.append('a-1', 'no-stream', someEvents(2));
    await expect(copyLog({ source, target, runtime })).rejects.toThrow(LogCopyConflict);
  });
});

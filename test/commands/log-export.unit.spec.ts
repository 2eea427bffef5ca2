import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventLog, RecordedEvent } from '../../src/commands/event-log.ts';
import { ensureLogEpoch } from '../../src/commands/log-epoch.ts';
import { ExportDamaged } from '../../src/commands/log-export/export-format.ts';
import { checkExport, exportLog, isOfLog, readPartial } from '../../src/commands/log-export/export-log.ts';
import { readExport } from '../../src/commands/log-export/export-reader.ts';
import { importLog } from '../../src/commands/log-export/import-log.ts';
import { StreamRevisions } from '../../src/commands/log-export/stream-revisions.ts';
import { LogCopyConflict } from '../../src/commands/run-appender.ts';
import { anEvent, someEvents } from '../support/event-log-contract.ts';
import { InMemoryEventLog, SimulatedCrash } from '../support/in-memory-event-log.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

const runtime = virtualRuntime();

/** Some 2,500 events, so that the export has several chunks; of six streams. */
async function aSource(): Promise<InMemoryEventLog> {
  const source = new InMemoryEventLog();
  await ensureLogEpoch(source, runtime);
  for (let part = 0; part < 10; part += 1) {
    const expected = part < 5 ? 'no-stream' : 249;
    await source.append(`s-${part % 5}`, expected, someEvents(250));
  }
  await source.append('s-0', 499, [anEvent({ text: '恭喜发财 🧧 \u0000 "quoted"\n', list: [1, null, {}] })]);
  return source;
}

async function exported(source: InMemoryEventLog): Promise<{ pieces: Buffer[]; file: Buffer }> {
  const pieces: Buffer[] = [];
  await exportLog({ source, runtime, write: async (piece) => void pieces.push(piece) });
  return { pieces, file: Buffer.concat(pieces) };
}

/** The bytes in pieces of an odd size, as a file or a pipe hands them out. */
async function* bytesOf(file: Buffer, pieceBytes = 10_007): AsyncGenerator<Buffer, void> {
  for (let from = 0; from < file.length; from += pieceBytes) yield file.subarray(from, from + pieceBytes);
}

const imported = (file: Buffer, target: InMemoryEventLog, dryRun = false) =>
  importLog({ items: readExport(bytesOf(file)), target, runtime, dryRun });

const contentOf = (events: readonly RecordedEvent[]) => events.map(({ position: _, ...content }) => content);

/** What it is refused with; only of the kinds that are a finding about the file. */
const refusal = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing was refused',
    (error: unknown) => {
      if (error instanceof ExportDamaged || error instanceof LogCopyConflict) return error.message;
      throw error;
    },
  );

const linesOf = (file: Buffer): string[] => file.toString('utf8').split('\n').slice(0, -1);
const fileOf = (lines: readonly string[]): Buffer => Buffer.from(`${lines.join('\n')}\n`);

describe('an exported log', () => {
  it('comes back event by event when it is imported, in the same order, with a new epoch behind it', async () => {
    const [source, target] = [await aSource(), new InMemoryEventLog()];
    const { file } = await exported(source);
    expect(await imported(file, target)).toEqual({
      events: 2_502,
      held: 0,
      appended: 2_502,
      epochBegun: true,
    });
    expect(contentOf(target.events.slice(0, -1))).toEqual(contentOf(source.events));
    expect(target.events.at(-1)).toMatchObject({ stream: 'log-epoch', revision: 1, type: 'EpochBegun' });
  });

  it('may hold nothing but its ends', async () => {
    const { file } = await exported(new InMemoryEventLog());
    const target = new InMemoryEventLog();
    expect(await imported(file, target)).toMatchObject({ events: 0, epochBegun: true });
    expect(linesOf(file)).toHaveLength(2);
  });

  it('has in each checksum that of all bytes before its line', async () => {
    const { file } = await exported(await aSource());
    const lines = linesOf(file);
    const marks = lines.flatMap((line, index) =>
      line.startsWith('{"chunk":') || line.startsWith('{"end":') ? [index] : [],
    );
    expect(marks).toHaveLength(4);
    for (const index of marks) {
      const { sha256 } = JSON.parse(lines[index]!) as { sha256: string };
      const before = fileOf(lines.slice(0, index));
      expect(createHash('sha256').update(before).digest('hex')).toBe(sha256);
    }
  });

  it('leaves out system streams, and what came after it had begun', async () => {
    const source = await aSource();
    await source.append('$settings', 'no-stream', someEvents(1));
    const pieces: Buffer[] = [];
    await exportLog({
      source,
      runtime,
      async write(piece) {
        if (pieces.push(piece) === 1) await source.append('s-9', 'no-stream', someEvents(1));
      },
    });
    const { events } = await checkExport(readExport(bytesOf(Buffer.concat(pieces))));
    expect(events).toBe(2_502);
  });
});

describe('damage to an export is found, with its place, before anything of its chunk is written:', () => {
  const damaged = async (change: (file: Buffer) => Buffer) => {
    const source = await aSource();
    const { file } = await exported(source);
    const target = new InMemoryEventLog();
    const message = await refusal(imported(change(file), target));
    return { message, written: target.events.length, lines: linesOf(file) };
  };
  const changedLines = (change: (lines: string[]) => void) => (file: Buffer) => {
    const lines = linesOf(file);
    change(lines);
    return fileOf(lines);
  };

  it('a changed amount in an event', async () => {
    const { message, written } = await damaged(
      changedLines((lines) => {
        lines[1_500] = lines[1_500]!.replace('"index":', '"index":1');
      }),
    );
    expect(message).toMatch(
      /^Chunk 2, from line 1003 \(byte \d+\) to line 2003 \(byte \d+\), does not match its checksum: /,
    );
    expect(written).toBeLessThanOrEqual(1_000);
  });

  it('an event that is missing, one that is there twice, and two that changed places', async () => {
    const changes: ((lines: string[]) => void)[] = [
      (lines) => void lines.splice(10, 1),
      (lines) => void lines.splice(10, 0, lines[10]!),
      (lines) => void lines.splice(10, 2, lines[11]!, lines[10]!),
    ];
    for (const change of changes) {
      const { message, written } = await damaged(changedLines(change));
      expect(message).toMatch(/^Chunk 1, from line 1 \(byte 0\) to |^Line 1002 .* should have ended a chunk/);
      expect(written).toBe(0);
    }
  });

  it('a whole chunk that is missing', async () => {
    const { message, written } = await damaged(changedLines((lines) => void lines.splice(1_002, 1_001)));
    expect(message).toMatch(/^Line 1505 \(byte \d+\) should end chunk 2, and does not: it is damaged$/);
    expect(written).toBeLessThanOrEqual(1_000);
  });

  it('a chunk whose checksum was made anew behind a change, for what follows it', async () => {
    const { message } = await damaged((file) => {
      const lines = linesOf(file);
      lines[5] = lines[5]!.replace('"index":', '"index":1');
      const sha256 = createHash('sha256')
        .update(fileOf(lines.slice(0, 1_001)))
        .digest('hex');
      lines[1_001] = JSON.stringify({ chunk: 1, events: 1_000, sha256 });
      return fileOf(lines);
    });
    expect(message).toMatch(/^Chunk 2, .* does not match its checksum/);
  });

  it('a changed line that ends a chunk, and a changed last line', async () => {
    const counts = await damaged(
      changedLines((lines) => {
        lines[1_001] = lines[1_001]!.replace('"events":1000', '"events":999');
      }),
    );
    expect(counts).toMatchObject({ message: expect.stringMatching(/^Chunk 1, /), written: 0 });
    const nonsense = await damaged(changedLines((lines) => void lines.splice(1_001, 1, 'nonsense')));
    expect(nonsense.message).toMatch(/^Line 1002 \(byte \d+\) is no line of an export/);
    const end = await damaged((file) =>
      Buffer.from(file.toString('utf8').replace('"chunks":3', '"chunks":4')),
    );
    expect(end.message).toMatch(/^The last line, line 2507 \(byte \d+\), does not match/);
  });

  it('a changed header, and a file that never was an export', async () => {
    const epoch = await damaged((file) =>
      Buffer.from(file.toString('utf8').replace('"head":"', '"head":"9')),
    );
    expect(epoch).toMatchObject({ message: expect.stringMatching(/^Chunk 1, /), written: 0 });
    const version = await damaged((file) =>
      Buffer.from(file.toString('utf8').replace('"version":1', '"version":2')),
    );
    expect(version.message).toBe('The file has version 2 of the format, and this program reads 1');
    for (const text of ['{"format":"other"}\n', '<html>\n', '\n']) {
      expect((await damaged(() => Buffer.from(text))).message).toMatch(/^This is no exported log/);
    }
    expect((await damaged(() => Buffer.alloc(0))).message).toBe('The file is empty');
  });

  it('something behind the end', async () => {
    const { message } = await damaged((file) => Buffer.concat([file, Buffer.from('{"id":1}\n')]));
    expect(message).toMatch(/^Something follows the end of the export, from line 2508 \(byte \d+\) on$/);
  });

  it('a file that was cut off, wherever that is', async () => {
    const { file } = await exported(await aSource());
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: file.length - 1 }), async (length) => {
        const message = await refusal(checkExport(readExport(bytesOf(file.subarray(0, length)))));
        expect(message).toMatch(/^The file was cut off in line \d+ \(byte \d+\): its last line is missing$/);
      }),
      { numRuns: 60 },
    );
  });

  it('a file that was cut off between two lines: behind the header, an event, a chunk', async () => {
    const lines = linesOf((await exported(await aSource())).file);
    for (const count of [1, 2, 1_001, 1_002, 2_003, lines.length - 1]) {
      const message = await refusal(checkExport(readExport(bytesOf(fileOf(lines.slice(0, count))))));
      expect(message).toMatch(
        new RegExp(`^The file was cut off in line ${count + 1} \\(byte \\d+\\): its last line is missing$`),
      );
    }
  });

  it('any byte that is another', async () => {
    const { file } = await exported(await aSource());
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: file.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, change) => {
          const other = Buffer.from(file);
          other[at] = other[at]! ^ change;
          expect(await refusal(checkExport(readExport(bytesOf(other))))).not.toBe('nothing was refused');
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('an interrupted export', () => {
  it('goes on behind its last whole chunk, wherever it was cut, and becomes what it would have been', async () => {
    const source = await aSource();
    const { file } = await exported(source);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 200, max: file.length }), async (length) => {
        const resume = await readPartial(bytesOf(file.subarray(0, length)));
        const pieces: Buffer[] = [];
        if (resume !== undefined)
          pieces.push(file.subarray(0, resume.isComplete ? length : resume.mark.bytes));
        await exportLog({ source, runtime, resume, write: async (piece) => void pieces.push(piece) });
        expect(Buffer.concat(pieces).equals(file)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('goes on before damage in its middle', async () => {
    const source = await aSource();
    const { file } = await exported(source);
    const other = Buffer.from(file);
    other[Math.floor(file.length / 2)] = 0;
    const resume = await readPartial(bytesOf(other));
    expect(resume?.mark.events).toBe(1_000);
  });

  it('is told from that of another log, and from that of a log that has lost what was exported', async () => {
    const source = await aSource();
    const { file } = await exported(source);
    const half = (await readPartial(bytesOf(file.subarray(0, file.length / 2))))!;
    expect(await isOfLog(half, source)).toBe(true);
    expect(await isOfLog(half, await aSource())).toBe(false);
    const older = new InMemoryEventLog();
    for (const event of source.events.slice(0, 500)) await older.append(event.stream, 'any', [event]);
    expect(await isOfLog(half, older)).toBe(false);
  });
});

describe('an import', () => {
  it('goes on where it was killed, whichever append that was, and begins one epoch', async () => {
    const source = await aSource();
    const { file } = await exported(source);
    const appends = 1 + 10 * 2 + 1 + 1;
    for (let skip = 0; skip < appends; skip += 7) {
      for (const at of ['before-append', 'after-append'] as const) {
        const target = new InMemoryEventLog();
        target.faults.push({ at, kind: 'crash', skip });
        await expect(imported(file, target)).rejects.toThrow(SimulatedCrash);
        const had = target.events.filter(({ type }) => type !== 'EpochBegun').length;
        const report = await imported(file, target);
        expect(report.held).toBeGreaterThanOrEqual(had);
        expect(report.events).toBe(2_502);
        expect(contentOf(target.events.slice(0, -1))).toEqual(contentOf(source.events));
      }
    }
  });

  it('begins the epoch once, when it is run again and again', async () => {
    const { file } = await exported(await aSource());
    const target = new InMemoryEventLog();
    const begun: boolean[] = [];
    for (let run = 0; run < 3; run += 1) begun.push((await imported(file, target)).epochBegun);
    expect(begun).toEqual([true, false, false]);
    expect(target.events.filter(({ type }) => type === 'EpochBegun')).toHaveLength(2);
  });

  it('writes nothing in a dry run, and counts what it would', async () => {
    const { file } = await exported(await aSource());
    const target = new InMemoryEventLog();
    expect(await imported(file, target, true)).toMatchObject({ held: 0, appended: 2_502, epochBegun: false });
    expect(target.events).toEqual([]);
    target.faults.push({ at: 'after-append', kind: 'crash', skip: 3 });
    await expect(imported(file, target)).rejects.toThrow(SimulatedCrash);
    const { length } = target.events;
    expect(await imported(file, target, true)).toMatchObject({ held: length, appended: 2_502 - length });
    expect(target.events).toHaveLength(length);
  });

  it.each([false, true])('refuses a stream that has other events (dry run: %s)', async (dryRun) => {
    const { file } = await exported(await aSource());
    const target = new InMemoryEventLog();
    await target.append('s-3', 'no-stream', someEvents(1));
    expect(await refusal(imported(file, target, dryRun))).toMatch(
      /^The target's stream s-3 has another event at revision 0: /,
    );
    expect(target.events.filter(({ stream }) => stream === 's-3')).toHaveLength(1);
  });

  it.each([
    ['truncated at its start', (revision: number) => revision < 100, 'begins at revision 100'],
    ['scavenged', (revision: number) => revision === 7, 'has revision 8 where 7 should stand'],
  ] as const)('refuses what was %s, which the export has said already', async (_, isGone, words) => {
    const whole = await aSource();
    const events = whole.events.filter(({ stream, revision }) => stream !== 's-2' || !isGone(revision));
    const source: EventLog = Object.assign(new InMemoryEventLog(), {
      head: () => whole.head(),
      readAll: async function* () {
        yield* events;
      },
    });
    const pieces: Buffer[] = [];
    const report = await exportLog({ source, runtime, write: async (piece) => void pieces.push(piece) });
    expect(report.gap).toBe(
      `Stream s-2 ${words}: events were truncated or scavenged, and those that follow would be renumbered`,
    );
    const target = new InMemoryEventLog();
    expect(await refusal(imported(Buffer.concat(pieces), target))).toBe(report.gap);
  });

  it('refuses a system stream that somebody wrote into a file', async () => {
    const event = { ...anEvent(), stream: '$users', revision: 0, position: 1n };
    const mark = { hash: createHash('sha256'), chunks: 1, events: 1, bytes: 1, last: event };
    const items = (async function* () {
      yield { kind: 'chunk', events: [event], mark } as const;
    })();
    const target = new InMemoryEventLog();
    expect(await refusal(importLog({ items, target, runtime }))).toMatch(/^The file has events of \$users/);
  });
});

describe('the revisions of many streams', () => {
  it('are kept as a plain map keeps them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 3_000 }), fc.nat(5)), { maxLength: 5_000 }),
        (takes) => {
          const revisions = new StreamRevisions();
          const plain = new Map<string, number>();
          for (const [number, revision] of takes) {
            const stream = `stream-${number}`;
            expect(revisions.take(stream, revision)).toBe(plain.get(stream) ?? 0);
            plain.set(stream, revision + 1);
          }
          expect(revisions.streams).toBe(plain.size);
        },
      ),
      { numRuns: 20 },
    );
  });
});

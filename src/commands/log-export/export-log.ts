import type { Runtime } from '../../runtime/runtime.ts';
import { type EventLog, type Position, START } from '../event-log.ts';
import { newestEpoch } from '../log-epoch.ts';
import { ExportEncoder, type ExportMark } from './export-encoder.ts';
import { ExportDamaged, type ExportHeader } from './export-format.ts';
import { type ExportItem, readExport } from './export-reader.ts';
import { RevisionGaps } from './revision-gaps.ts';

/** What an interrupted export left behind, as far as it is whole. */
export interface PartialExport {
  readonly header: ExportHeader;
  readonly mark: ExportMark;
  readonly gaps: RevisionGaps;
  /** The last line is there, too: only the file's name is to be changed. */
  readonly isComplete: boolean;
}

export interface ExportLogOptions {
  readonly source: EventLog;
  readonly runtime: Pick<Runtime, 'clock'>;
  /** Takes a piece that is whole: after each, an interrupted export can go on. */
  readonly write: (bytes: Buffer) => Promise<void>;
  readonly resume?: PartialExport | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (at: { readonly events: number; readonly fraction: number }) => void;
}

export interface ExportReport {
  readonly events: number;
  readonly chunks: number;
  readonly streams: number;
  /** The last position that is in it. */
  readonly head: Position;
  /** Why an import will refuse it, as a sentence without its full stop. */
  readonly gap: string | undefined;
}

/**
 * Writes every event that is in no system stream, up to where the log ended when the export began, as text (see
 * export-format.ts). One that is carried on ends where it was to end, and has the bytes that it would have had.
 * Throws `LogCopyConflict` for an event that is not JSON, and what the log and `write` throw.
 */
export async function exportLog(options: ExportLogOptions): Promise<ExportReport> {
  const { source, runtime, write, resume, signal, onProgress } = options;
  const encoder = new ExportEncoder(resume?.mark);
  const header = resume?.header ?? {
    epoch: (await newestEpoch(source))?.epoch ?? '',
    head: await source.head(),
    timeMs: runtime.clock.nowMs(),
  };
  const { head } = header;
  if (resume === undefined) await write(encoder.header(header));
  const gaps = resume?.gaps ?? new RevisionGaps();
  if (resume?.isComplete !== true) {
    const after = resume?.mark.last?.position ?? START;
    for await (const event of source.readAll({ after, until: head })) {
      signal?.throwIfAborted();
      gaps.note(event);
      const chunk = encoder.add(event);
      if (chunk === undefined) continue;
      await write(chunk);
      onProgress?.({ events: encoder.events, fraction: Number(event.position) / Number(head) });
    }
    for (const bytes of encoder.end()) await write(bytes);
  }
  const { events, chunks } = encoder;
  return { events, chunks, streams: gaps.streams, head, gap: gaps.first };
}

/**
 * Reads what an interrupted export left, up to the last whole chunk. `undefined`: not even the header is whole.
 * `seen` is told of each mark when the source has been read so far and no further than to the end of its piece.
 */
export async function readPartial(
  source: AsyncIterable<Uint8Array>,
  seen: (mark: ExportMark) => void = () => {},
): Promise<PartialExport | undefined> {
  const gaps = new RevisionGaps();
  let partial: PartialExport | undefined;
  try {
    for await (const item of readExport(source)) {
      if (item.kind === 'header') partial = { header: item.header, mark: item.mark, gaps, isComplete: false };
      else if (partial === undefined) break;
      else if (item.kind === 'end') partial = { ...partial, isComplete: true };
      else {
        for (const event of item.events) gaps.note(event);
        partial = { ...partial, mark: item.mark };
      }
      if (item.kind !== 'end') seen(item.mark);
    }
  } catch (error) {
    if (!(error instanceof ExportDamaged)) throw error;
    return partial && { ...partial, isComplete: false };
  }
  return partial;
}

/** Whether a partial export came from this log, and the log still has what is in it. Throws what the log throws. */
export async function isOfLog({ header, mark }: PartialExport, log: EventLog): Promise<boolean> {
  const epoch = (await newestEpoch(log))?.epoch ?? '';
  if (epoch !== header.epoch || (await log.head()) < header.head) return false;
  const { last } = mark;
  if (last === undefined) return true;
  for await (const event of log.readStream(last.stream, { from: last.revision, maxCount: 1 })) {
    return event.id === last.id && event.position === last.position;
  }
  return false;
}

/** What a whole file holds. */
export interface CheckedExport {
  readonly header: ExportHeader;
  readonly events: number;
  readonly chunks: number;
  readonly gaps: RevisionGaps;
}

/** Reads a file to its end. Throws `ExportDamaged` with the place, and `LogCopyConflict` for what is not JSON. */
export async function checkExport(
  items: AsyncIterable<ExportItem>,
  signal?: AbortSignal,
): Promise<CheckedExport> {
  const gaps = new RevisionGaps();
  let header: ExportHeader | undefined;
  for await (const item of items) {
    signal?.throwIfAborted();
    if (item.kind === 'header') header = item.header;
    else if (item.kind === 'chunk') for (const event of item.events) gaps.note(event);
    else if (header !== undefined) return { header, events: item.events, chunks: item.chunks, gaps };
  }
  throw new ExportDamaged('The file has no end');
}

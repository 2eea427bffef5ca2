import type { Runtime } from '../../runtime/runtime.ts';
import type { EventLog, Position } from '../event-log.ts';
import { beginEpochBehind, EpochRevision } from '../log-epoch.ts';
import { LogCopyConflict, RunAppender } from '../run-appender.ts';
import { ExportDamaged } from './export-format.ts';
import type { ExportItem } from './export-reader.ts';
import { RevisionGaps } from './revision-gaps.ts';

export interface ImportLogOptions {
  readonly items: AsyncIterable<ExportItem>;
  readonly target: EventLog;
  readonly runtime: Runtime;
  /** Looks at file and target, and writes nothing. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (at: { readonly events: number; readonly fraction: number }) => void;
}

export interface ImportReport {
  readonly events: number;
  /** Those that the target had already. */
  readonly held: number;
  /** Those that were written; in a dry run, that would be. */
  readonly appended: number;
  /** False when an earlier import of this log had begun it already, and in a dry run. */
  readonly epochBegun: boolean;
}

/**
 * Writes an exported log into another log, in its order and with its revisions, and begins a new epoch behind it,
 * once. May be run again after it was interrupted at any point, and after it was not. Nothing of a chunk is written
 * before its checksum was right; nothing is renumbered. Nobody else may append meanwhile.
 *
 * Throws `ExportDamaged`, `LogCopyConflict`, and what the log throws.
 */
export async function importLog(options: ImportLogOptions): Promise<ImportReport> {
  const { items, target, runtime, dryRun = false, signal, onProgress } = options;
  const appender = new RunAppender({ target, dryRun });
  const gaps = new RevisionGaps();
  const epoch = new EpochRevision();
  let head: Position | undefined;
  let isWhole = false;
  for await (const item of items) {
    if (item.kind === 'header') head = item.header.head;
    if (item.kind === 'end') isWhole = true;
    if (item.kind !== 'chunk') continue;
    for (const event of item.events) {
      signal?.throwIfAborted();
      refuseSystemStream(event.stream);
      gaps.note(event);
      gaps.assertNone();
      epoch.note(event);
      await appender.add(event);
    }
    const { events, last } = item.mark;
    onProgress?.({ events, fraction: Number(last?.position ?? 0n) / Number(head ?? 1n) });
  }
  if (!isWhole) throw new ExportDamaged('The file has no end');
  await appender.flush();
  signal?.throwIfAborted();
  const epochBegun = dryRun ? false : await beginEpochBehind(target, runtime, epoch.revision);
  const { held, appended } = appender.counts;
  return { events: held + appended, held, appended, epochBegun };
}

/** No export writes one; the store's own bookkeeping must not come out of a file. */
function refuseSystemStream(stream: string): void {
  if (!stream.startsWith('$')) return;
  throw new LogCopyConflict(`The file has events of ${stream}: system streams are the store's own`);
}

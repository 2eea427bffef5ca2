import { PartialFile } from '../../../infra/log-export/partial-file.ts';
import { readFileText } from '../../../infra/log-export/read-file.ts';
import { ExportDamaged } from '../../commands/log-export/export-format.ts';
import {
  checkExport,
  type ExportLogOptions,
  type ExportReport,
  exportLog,
  isOfLog,
} from '../../commands/log-export/export-log.ts';
import { readExport } from '../../commands/log-export/export-reader.ts';
import { LogCopyConflict } from '../../commands/run-appender.ts';
import type { Settings } from '../../config/settings.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { systemRuntime } from '../../runtime/system-runtime.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { interruptible } from '../interruptible.ts';
import { note, printLine } from '../output.ts';
import { count, createProgress } from '../progress.ts';
import { withEventLog } from '../with-event-log.ts';

export interface ExportOptions {
  readonly resume?: boolean;
  readonly check?: boolean;
  /** Prints what was written, or found, as one JSON object. */
  readonly json?: boolean;
}

/** `hongbao export`. Answers 1 when the file, or the log, is not one that can be imported. */
export async function exportCommand(
  settings: () => Settings,
  file: string,
  { resume = false, check = false, json = false }: ExportOptions,
): Promise<number> {
  if (check && resume) throw new CliError('--check reads a file and --resume writes one: give either.');
  if (resume && file === '-') throw new CliError('--resume goes on with a file; stdout has none.');
  if (json && file === '-')
    throw new CliError('--json says what was written on stdout, which is the export itself.');
  const runtime = systemRuntime();
  return interruptible(runtime, async (signal) => {
    if (check) return checkFile(file, json, signal);
    const report = await withEventLog({ settings: settings(), runtime, filling: false }, async (log) => {
      const progress = createProgress(runtime.clock, process.stderr);
      const options = {
        source: log,
        runtime,
        signal,
        onProgress: ({ events, fraction }: { events: number; fraction: number }) =>
          progress.update({ label: 'export', fraction, events }),
      };
      const made = file === '-' ? await toStdout(options) : await toFile(file, resume, options);
      const { events, streams, head } = made;
      progress.finish(`exported ${count(events)} events of ${count(streams)} streams up to position ${head}`);
      return made;
    }).catch(asSentence);
    if (json) printJson(report);
    return warned(report.gap);
  });
}

type Options = Omit<ExportLogOptions, 'write' | 'resume'> & { readonly runtime: Runtime };

async function toFile(name: string, resume: boolean, options: Options): Promise<ExportReport> {
  const { file, found } = resume
    ? await PartialFile.resume(name)
    : { file: await PartialFile.create(name), found: undefined };
  if (found !== undefined && !(await isOfLog(found, options.source))) {
    await file.leave();
    throw new CliError(
      `${name}.partial is not of this log as it is now. Remove it and begin anew.`,
      exitCodes.found,
    );
  }
  let isFinished = false;
  try {
    if (resume) note(`going on behind ${count(found?.mark.events ?? 0)} events of ${name}.partial`);
    const report = await exportLog({ ...options, resume: found, write: (piece) => file.write(piece) });
    await file.finish();
    isFinished = true;
    return report;
  } finally {
    if (!isFinished) {
      await file.leave();
      note(`${name}.partial is what there is: hongbao export --resume goes on with it`);
    }
  }
}

async function toStdout(options: Options): Promise<ExportReport> {
  // Half an export is none: a reader that has ended is no success here.
  return exportLog({
    ...options,
    write: (piece) =>
      new Promise((resolve, reject) => {
        process.stdout.write(piece, (error) => (error ? reject(noReader()) : resolve()));
      }),
  });
}

function noReader(): CliError {
  return new CliError('Nobody reads the export any more; it was not at its end.', exitCodes.unavailable);
}

async function checkFile(file: string, json: boolean, signal: AbortSignal): Promise<number> {
  const found = await checkExport(readExport(readFileText(file)), signal).catch(asSentence);
  const { events, chunks, gaps, header } = found;
  if (json) printJson({ events, chunks, streams: gaps.streams, head: header.head, gap: gaps.first });
  else
    printLine(
      `ok      ${count(events)} events of ${count(gaps.streams)} streams in ${count(chunks)} chunks, up to position ${header.head}`,
    );
  return warned(gaps.first);
}

/** Positions exceed what JSON numbers hold exactly. */
function printJson({
  head,
  gap = null,
  ...counts
}: Omit<ExportReport, 'head' | 'gap'> & { head: bigint | string; gap?: string | null | undefined }): void {
  printLine(JSON.stringify({ ...counts, head: String(head), gap }));
}

function warned(gap: string | undefined): number {
  if (gap === undefined) return exitCodes.ok;
  note(`An import will refuse it: ${gap}.`);
  return exitCodes.found;
}

/** What is wrong with the file, or with the log as something to be copied, becomes a sentence. */
export function asSentence(error: unknown): never {
  const isFinding = error instanceof ExportDamaged || error instanceof LogCopyConflict;
  if (isFinding) throw new CliError(`${error.message}.`, exitCodes.found);
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR')) {
    throw new CliError(`The file cannot be read: ${error.message}.`, exitCodes.unavailable);
  }
  throw error;
}

import { readFileText } from '../../../infra/log-export/read-file.ts';
import type { EventLog } from '../../commands/event-log.ts';
import { checkExport } from '../../commands/log-export/export-log.ts';
import { readExport } from '../../commands/log-export/export-reader.ts';
import { type ImportReport, importLog } from '../../commands/log-export/import-log.ts';
import type { Settings } from '../../config/settings.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { systemRuntime } from '../../runtime/system-runtime.ts';
import { interruptible } from '../interruptible.ts';
import { printLine } from '../output.ts';
import { count, createProgress } from '../progress.ts';
import { withEventLog } from '../with-event-log.ts';
import { asSentence } from './export.ts';

export interface ImportOptions {
  readonly dryRun?: boolean;
  /** Prints what was done as one JSON object. */
  readonly json?: boolean;
}

/**
 * `hongbao import`. A file is read twice: nothing of one that is damaged anywhere is written. Stdin is read once, so
 * that what stands before the damage is.
 */
export async function importCommand(
  settings: Settings,
  file: string,
  { dryRun = false, json = false }: ImportOptions,
): Promise<void> {
  const runtime = systemRuntime();
  await interruptible(runtime, async (signal) => {
    try {
      if (file !== '-') {
        const { gaps } = await checkExport(readExport(readFileText(file)), signal);
        gaps.assertNone();
      }
      await withEventLog({ settings, runtime, filling: !dryRun }, (target) =>
        fill({ target, file, dryRun, json, runtime, signal }),
      );
    } catch (error) {
      asSentence(error);
    }
  });
}

interface FillOptions {
  readonly target: EventLog;
  readonly file: string;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
}

async function fill({ target, file, dryRun, json, runtime, signal }: FillOptions): Promise<void> {
  const progress = createProgress(runtime.clock, process.stderr);
  const label = dryRun ? 'dry run' : 'import';
  const report = await importLog({
    items: readExport(readFileText(file)),
    target,
    runtime,
    dryRun,
    signal,
    onProgress: ({ events, fraction }) => progress.update({ label, fraction, events }),
  });
  progress.finish(`${label}: read ${count(report.events)} events`);
  if (json) printLine(JSON.stringify(report));
  else for (const line of reportLines(report, dryRun)) printLine(line);
}

function reportLines({ held, appended, epochBegun }: ImportReport, dryRun: boolean): string[] {
  if (dryRun) {
    return [`${count(held)} events are there already, ${count(appended)} would be written. Nothing was.`];
  }
  return [
    `${count(held)} events were there already, ${count(appended)} were written.`,
    epochBegun
      ? 'A new epoch begins behind them: run hongbao projections rebuild when the server runs on this log.'
      : 'The new epoch behind them had begun before.',
  ];
}

import { limits } from '../../config/limits.ts';
import type { Settings } from '../../config/settings.ts';
import { auditReadModels } from '../../projections/rebuild/audit-read-models.ts';
import { systemRuntime } from '../../runtime/system-runtime.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { interruptible } from '../interruptible.ts';
import { note, printLine } from '../output.ts';
import { count, createProgress } from '../progress.ts';
import { withLog } from '../with-log.ts';
import { withReadSide } from '../with-read-side.ts';
import { auditLog } from './audit/audit-log.ts';
import { type AuditReport, isClean } from './audit/audit-report.ts';
import { createDifferenceList, type DifferenceList } from './audit/difference-list.ts';
import { htmlReport } from './audit/html-report.ts';
import { jsonReport } from './audit/json-report.ts';
import { refuseUnwritable, writeReport } from './audit/report-file.ts';
import { textReport } from './audit/text-report.ts';

export type AuditFormat = 'text' | 'json' | 'html';

export interface AuditOptions {
  readonly logOnly?: boolean;
  readonly json?: boolean;
  readonly format?: AuditFormat;
  /** How many differing rows of each table are listed: a number, or `all`. */
  readonly differences?: string;
  /** A file for the report, in place of stdout. */
  readonly output?: string;
}

const formats: Record<AuditFormat, (report: AuditReport) => string> = {
  text: textReport,
  json: jsonReport,
  html: htmlReport,
};

/** `hongbao audit`. Answers 1 when something is wrong, whether or not anybody reads the report to its end. */
export async function auditCommand(settings: Settings, options: AuditOptions): Promise<number> {
  const format = formatOf(options);
  const { output } = options;
  if (output !== undefined) refuseUnwritable(output);
  const listed = createDifferenceList(differencesListedMax(options.differences, format));
  const report = options.logOnly === true ? await auditLogAlone(settings) : await auditAll(settings, listed);
  const text = formats[format](report);
  if (output === undefined) printLine(text);
  else {
    writeReport(output, `${text}\n`);
    note(`audit: ${isClean(report) ? 'clean' : 'BROKEN'}; the report is in ${output}`);
  }
  return isClean(report) ? exitCodes.ok : exitCodes.found;
}

/** The rules of the log. Asks the database nothing: an auditor may have the log and no more. */
function auditLogAlone(settings: Settings): Promise<AuditReport> {
  return interruptible(systemRuntime(), (signal) =>
    withLog(settings, async (log, { clock }) => {
      const progress = createProgress(clock, process.stderr);
      const report = await auditLog(log, clock, { progress, signal });
      progress.finish(`audit: read ${count(report.events)} events`);
      return report;
    }),
  );
}

function auditAll(settings: Settings, listed: DifferenceList): Promise<AuditReport> {
  return withReadSide(settings, async (deps, signal) => {
    const { clock } = deps.runtime;
    const progress = createProgress(clock, process.stderr);
    const report = await auditLog(deps.log, clock, { progress, signal });
    await auditReadModels(deps, {
      signal,
      onDifference: listed.add,
      onProgress: ({ phase, fraction, eventsDone: events }) =>
        progress.update({ label: `read models: ${phase}`, fraction, events }),
    });
    progress.finish(`audit: read ${count(report.events)} events`);
    return { ...report, differences: listed.differences, differing: listed.differing() };
  });
}

/** Of each table. Programs get what they can hold; people get some, and are told how many more there are. */
function differencesListedMax(asked: string | undefined, format: AuditFormat): number {
  if (asked === 'all') return Number.POSITIVE_INFINITY;
  const { differencesListedMax: ofJson } = limits.cli;
  const usual = format === 'json' ? ofJson : limits.projections.differencesShownMax;
  if (asked === undefined) return usual;
  if (/^\d{1,15}$/.test(asked)) return Number(asked);
  throw new CliError(`--differences takes a whole number or all (it is "${asked}").`);
}

function formatOf({ json, format }: AuditOptions): AuditFormat {
  if (json !== true) return format ?? 'text';
  if (format !== undefined && format !== 'json') {
    throw new CliError(`--json is --format json: give either that or --format ${format}.`);
  }
  return 'json';
}

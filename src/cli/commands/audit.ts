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
import { htmlReport } from './audit/html-report.ts';
import { jsonReport } from './audit/json-report.ts';
import { refuseUnwritable, writeReport } from './audit/report-file.ts';
import { textReport } from './audit/text-report.ts';

export type AuditFormat = 'text' | 'json' | 'html';

export interface AuditOptions {
  readonly logOnly?: boolean;
  readonly json?: boolean;
  readonly format?: AuditFormat;
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
  const report = options.logOnly === true ? await auditLogAlone(settings) : await auditAll(settings);
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

function auditAll(settings: Settings): Promise<AuditReport> {
  return withReadSide(settings, async (deps, signal) => {
    const { clock } = deps.runtime;
    const progress = createProgress(clock, process.stderr);
    const report = await auditLog(deps.log, clock, { progress, signal });
    const differences = await auditReadModels(deps, {
      signal,
      onProgress: ({ phase, fraction, eventsDone: events }) =>
        progress.update({ label: `read models: ${phase}`, fraction, events }),
    });
    progress.finish(`audit: read ${count(report.events)} events`);
    return { ...report, differences };
  });
}

function formatOf({ json, format }: AuditOptions): AuditFormat {
  if (json !== true) return format ?? 'text';
  if (format !== undefined && format !== 'json') {
    throw new CliError(`--json is --format json: give either that or --format ${format}.`);
  }
  return 'json';
}

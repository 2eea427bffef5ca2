import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomically } from '../../../../infra/supervisor/write-file-atomically.ts';
import { CliError } from '../../cli-error.ts';

/** Readable by others, as the report on a terminal is. */
const reportMode = 0o644;

/**
 * Refuses a file that could not be written, before an audit of an hour and not after it.
 *
 * @throws CliError
 */
export function refuseUnwritable(file: string): void {
  const folder = dirname(file);
  const folderStat = statSync(folder, { throwIfNoEntry: false });
  if (folderStat === undefined) throw new CliError(`There is no folder ${folder} to write a report into.`);
  if (!folderStat.isDirectory()) throw new CliError(`${folder} is no folder to write a report into.`);
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new CliError(`${file} is a folder: name a file for the report.`);
  }
  accessSync(folder, constants.W_OK);
}

/** Writes a report. Whoever reads the file, at any time, finds a whole one: the one before, or this. */
export function writeReport(file: string, text: string): void {
  writeFileAtomically(file, text, reportMode);
}

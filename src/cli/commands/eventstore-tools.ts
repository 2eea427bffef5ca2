/** `hongbao eventstore verify`, `backup` and `copy`. */
import { pino } from 'pino';
import { BackupRefused, backupDataFolder } from '../../../infra/eventstore/embedded/storage/backup.ts';
import { DataFolderInUse } from '../../../infra/eventstore/embedded/storage/data-folder-lock.ts';
import { FormatMismatch } from '../../../infra/eventstore/embedded/storage/tables.ts';
import {
  NoEventData,
  verifyDataFolder,
} from '../../../infra/eventstore/embedded/storage/verify-data-folder.ts';
import { createEventStoreEventLog } from '../../../infra/eventstore/eventstore-event-log.ts';
import { copyLog } from '../../commands/copy-log.ts';
import { LogCopyConflict } from '../../commands/run-appender.ts';
import { systemRuntime } from '../../runtime/system-runtime.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { printLine } from '../output.ts';
import { count, createProgress } from '../progress.ts';

/** Verifies a data folder that no node has open. Answers 1 when something is wrong with it. */
export async function verifyEvents(dataDir: string, json: boolean): Promise<number> {
  const progress = createProgress(systemRuntime().clock, process.stderr);
  const report = await orSentence(
    verifyDataFolder(dataDir, (position, last) => {
      progress.update({ label: 'verify', fraction: position / last, events: position });
    }),
  );
  const { events, scavenged, streams, problems } = report;
  progress.finish(`verify: read ${count(events)} events of ${count(streams)} streams`);
  if (json) printLine(JSON.stringify(report));
  else {
    for (const problem of problems) printLine(`BROKEN  ${problem}`);
    if (problems.length === 0)
      printLine(`ok      ${events} events, ${scavenged} scavenged, ${streams} streams`);
  }
  return problems.length === 0 ? exitCodes.ok : exitCodes.found;
}

/** Copies a data folder, which a node may be serving. */
export async function backupEvents(dataDir: string, target: string, json: boolean): Promise<void> {
  const position = await orSentence(backupDataFolder(dataDir, target));
  printLine(
    json
      ? JSON.stringify({ target, position: String(position) })
      : `${target} has the events of ${dataDir} up to position ${position}`,
  );
}

/** Copies the log of one store into another. */
export async function copyEvents(from: string, to: string, json: boolean): Promise<void> {
  const runtime = systemRuntime();
  const logger = pino({ level: 'silent' });
  const progress = createProgress(runtime.clock, process.stderr);
  const source = createEventStoreEventLog({ url: from, runtime, logger });
  const target = createEventStoreEventLog({ url: to, runtime, logger });
  try {
    const head = await source.head();
    const events = await orSentence(
      copyLog({
        source,
        target,
        runtime,
        onProgress: (copied) => {
          const fraction = head > 0n ? Math.min(1, copied.events / Number(head)) : 1;
          progress.update({ label: 'copy', fraction, events: copied.events });
        },
      }),
    );
    progress.finish(`copied ${count(events)} events, and began a new epoch`);
    if (json) printLine(JSON.stringify({ events }));
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
}

/** What an operator can see to becomes a sentence, and exit code 3. */
async function orSentence<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    const expected = [BackupRefused, DataFolderInUse, FormatMismatch, LogCopyConflict, NoEventData];
    if (error instanceof Error && expected.some((type) => error instanceof type)) {
      throw new CliError(`${error.message}.`, exitCodes.unavailable);
    }
    throw error;
  }
}

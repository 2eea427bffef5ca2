import type { Command } from 'commander';
import { examples } from './examples.ts';
import { settings } from './settings-or-exit.ts';

/** The whole log as a file. */
export function addLogFileCommands(program: Command): void {
  program
    .command('export')
    .description('Write the whole log into one file, with checksums, for `hongbao import`.')
    .argument('<file>', 'the file to write, compressed if its name ends in .gz; -: stdout')
    .option('--resume', 'go on with an export that was interrupted')
    .option('--check', 'read the file and check it, instead of writing it')
    .option('--json', 'print what was written, or found, as one JSON object')
    .addHelpText(
      'after',
      examples(
        'hongbao export log.jsonl.gz',
        'hongbao export --check log.jsonl.gz',
        "hongbao export - | ESDB_URL='esdb://cluster:2113' hongbao import -",
      ),
    )
    .action(async (file: string, options: { resume?: boolean; check?: boolean; json?: boolean }) => {
      const { exportCommand } = await import('../commands/export.ts');
      process.exitCode = await exportCommand(settings, file, options);
    });

  program
    .command('import')
    .description(
      'Write an exported log into a log that has none of its own, and begin a new epoch behind it.',
    )
    .argument('<file>', 'what `hongbao export` wrote; -: stdin')
    .option('--dry-run', 'check the file and the log, and write nothing')
    .option('--json', 'print what was done as one JSON object')
    .addHelpText(
      'after',
      examples(
        'hongbao import --dry-run log.jsonl.gz',
        "ESDB_URL='esdb://cluster:2113' hongbao import log.jsonl.gz",
      ),
    )
    .action(async (file: string, options: { dryRun?: boolean; json?: boolean }) => {
      const { importCommand } = await import('../commands/import.ts');
      await importCommand(settings(), file, options);
    });
}

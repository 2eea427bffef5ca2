import { type Command, Option } from 'commander';
import type { AuditOptions } from '../commands/audit.ts';
import { examples } from './examples.ts';
import { settings } from './settings-or-exit.ts';

/** Those that check what is there against its rules. */
export function addAuditCommands(program: Command): void {
  program
    .command('audit')
    .description('Check the rules of money and messages over the whole log, and the read models against it.')
    .option('--log-only', 'leave the read models (rule 8) out')
    .addOption(new Option('--format <format>', 'how to print the report').choices(['text', 'json', 'html']))
    .option('--json', 'print the report as JSON, as --format json does')
    .option('--differences <n>', 'list so many differing rows of each table, or all of them')
    .option('--output <file>', 'write the report into this file instead of printing it')
    .addHelpText(
      'after',
      examples(
        'hongbao audit',
        'hongbao audit --differences all',
        'hongbao audit --log-only --json | jq .terms',
        'hongbao audit --format html --output audit.html',
      ),
    )
    .action(async (options: AuditOptions) => {
      const { auditCommand } = await import('../commands/audit.ts');
      process.exitCode = await auditCommand(settings(), options);
    });

  program
    .command('verify')
    .description("Recompute an ended packet's shares from its revealed seed.")
    .argument('<packet>', "the packet's id")
    .option('--json', 'print the evidence and every check as JSON')
    .addHelpText('after', examples('hongbao verify 01890a5d-ac96-774b-bcce-b302099a8057'))
    .action(async (packetId: string, options: { json?: boolean }) => {
      const { verify } = await import('../commands/verify.ts');
      const { withLog } = await import('../with-log.ts');
      process.exitCode = await withLog(settings(), (log) => verify(log, packetId, options.json === true));
    });
}

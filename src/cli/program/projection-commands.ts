import type { Command } from 'commander';
import type { SkipOptions } from '../commands/projections/skip.ts';
import type { RebuildCommandOptions } from '../commands/rebuild.ts';
import { examples } from './examples.ts';
import { settings } from './settings-or-exit.ts';

/** The read models. */
export function addProjections(program: Command): void {
  const projections = program
    .command('projections')
    .description('Look at the read models, and put them right. Without a further word: status.')
    .addHelpText('after', examples('hongbao projections', 'hongbao projections rebuild wallet'));

  projections
    .command('status', { isDefault: true })
    .description('Show where each read model is, why one stands still, and which events are skipped.')
    .option('--json', 'print it as one JSON object')
    .addHelpText(
      'after',
      examples('hongbao projections status', 'hongbao projections status --json | jq .head'),
    )
    .action(async (options: { json?: boolean }) => {
      const { projectionsCommand } = await import('../commands/projections.ts');
      process.exitCode = await projectionsCommand(settings(), options.json === true);
    });

  addRebuild(projections, 'hongbao projections rebuild');

  projections
    .command('retry')
    .description('Have partitions that an event stopped try it again, after a correction.')
    .argument('<projection>', 'which one')
    .option('--partition <number>', 'this partition only (default: all that stand still)')
    .option('--json', 'print what came of it as JSON, an object a line')
    .addHelpText('after', examples('hongbao projections retry wallet'))
    .action(async (name: string, options: { partition?: string; json?: boolean }) => {
      const { retryCommand } = await import('../commands/projections/retry.ts');
      process.exitCode = await retryCommand(settings(), name, options);
    });

  projections
    .command('skip')
    .description('Leave the event at which a partition stands out of a read model, now and in every rebuild.')
    .argument('<projection>', 'which one')
    .option('--position <position>', 'of the event, as status shows it')
    .option('--reason <text>', 'why; it is recorded in the log with your name')
    .option('--partition <number>', 'refuse unless this partition stands there')
    .option('--undo', 'skip it no more: a rebuild takes the event again')
    .option('--json', 'print what came of it as JSON, an object a line')
    .addHelpText(
      'after',
      examples(
        "hongbao projections skip messages --position 1207 --reason 'written by hand, ticket 31'",
        "hongbao projections skip messages --position 1207 --undo --reason 'corrected in 0.2'",
      ),
    )
    .action(async (name: string, options: SkipOptions) => {
      const { skipCommand } = await import('../commands/projections/skip.ts');
      process.exitCode = await skipCommand(settings(), name, options);
    });

  projections
    .command('abort')
    .description('End rebuilds that are under way in any process, and drop what killed ones left.')
    .argument('[projection...]', 'of which ones (default: all)')
    .option('--json', 'print what came of it as JSON, an object a line')
    .addHelpText('after', examples('hongbao projections abort', 'hongbao projections abort wallet'))
    .action(async (names: string[], options: { json?: boolean }) => {
      const { abortCommand } = await import('../commands/projections/abort.ts');
      process.exitCode = await abortCommand(settings(), names, options);
    });
}

/** `projections rebuild`, and the short name that it had before. */
export function addRebuild(parent: Command, name: string): void {
  parent
    .command('rebuild')
    .description('Build read models again from the log, beside the live ones, and swap them in.')
    .argument('[projection...]', 'which ones (default: all)')
    .option('--verify', 'compare the new rows with the live ones before the swap and report every difference')
    .option(
      '--output <file>',
      'write the differences into this file, an object a line, instead of printing them',
    )
    .option('--workers <n>', 'copy the log with so many threads, each some of the read models (default: 1)')
    .option('--max-rate <n>', 'copy at most so many events a second, to leave the machine to others')
    .option('--json', 'print differences and results as JSON, an object a line')
    .addHelpText(
      'after',
      examples(name, `${name} friends groups --verify`, `${name} --workers 2 --max-rate 5000`),
    )
    .action(async (names: string[], options: RebuildCommandOptions) => {
      const { rebuildCommand } = await import('../commands/rebuild.ts');
      process.exitCode = await rebuildCommand(settings(), names, options);
    });
}

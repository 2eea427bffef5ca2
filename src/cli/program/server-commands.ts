import type { Command } from 'commander';
import { examples } from './examples.ts';
import { settings } from './settings-or-exit.ts';

/** Those that run the server, and bring its database to its schema. */
export function addServerCommands(program: Command): void {
  program
    .command('up')
    .description('Start the engines and the server, keep them up, and serve until Ctrl-C.')
    .option(
      '--projectors <n>',
      'let so many processes of their own keep the read models (HONGBAO_PROJECTORS)',
    )
    .option('--json', 'say as one JSON object where it serves')
    .addHelpText(
      'after',
      examples(
        'hongbao up',
        'hongbao up --projectors 2',
        'HONGBAO_PORT=9000 HONGBAO_DATA=/srv/hongbao hongbao up',
      ),
    )
    .action(async ({ projectors, json }: { projectors?: string; json?: boolean }) => {
      const { up } = await import('../commands/up.ts');
      const options = projectors === undefined ? {} : { HONGBAO_PROJECTORS: projectors };
      process.exitCode = await up(settings({ ...process.env, ...options }), json === true);
    });

  program
    .command('demo')
    .description('Play the story of Alice, Bob and Carol with bots over real WebSockets.')
    .addHelpText('after', examples('hongbao demo', 'HONGBAO_PORT=9000 hongbao demo'))
    .action(async () => {
      const { demo } = await import('../commands/demo.ts');
      process.exitCode = await demo(settings());
    });

  program
    .command('migrate')
    .description("Bring the database to this program's schema, and do nothing else.")
    .option('--json', 'print what was applied as one JSON object')
    .addHelpText('after', examples('DATABASE_URL=postgres://... hongbao migrate'))
    .action(async (options: { json?: boolean }) => {
      const { migrateCommand } = await import('../commands/migrate.ts');
      await migrateCommand(settings(), options.json === true);
    });
}

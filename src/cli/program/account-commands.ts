import type { Command } from 'commander';
import type { StandingOptions } from '../commands/accounts.ts';
import { examples } from './examples.ts';
import { settings } from './settings-or-exit.ts';

/** What operators do with the accounts of users. */
export function addAccounts(program: Command): void {
  const accounts = program
    .command('accounts')
    .description('Look at the accounts of users, and freeze or unfreeze them.')
    .addHelpText('after', examples('hongbao accounts show alice', 'hongbao accounts freeze --help'));

  accounts
    .command('show')
    .description('Show an account: its standing and why, its devices, and no secret.')
    .argument('<user>', 'user id, or user name')
    .option('--json', 'print it as one JSON object')
    .addHelpText(
      'after',
      examples('hongbao accounts show alice', 'hongbao accounts show alice --json | jq .state.status'),
    )
    .action(async (user: string, options: { json?: boolean }) => {
      const { showAccount } = await import('../commands/accounts.ts');
      process.exitCode = await showAccount(settings(), user, options.json === true);
    });

  accounts
    .command('freeze')
    .description('Let a user do nothing any more; what is owed to them still arrives.')
    .argument('<user>', 'user id, or user name')
    .option('--reason <text>', 'why; it is recorded in the log with your name')
    .option('--json', 'print what came of it as one JSON object')
    .addHelpText('after', examples("hongbao accounts freeze alice --reason 'reported stolen, ticket 31'"))
    .action(async (user: string, options: StandingOptions) => {
      const { setStanding } = await import('../commands/accounts.ts');
      process.exitCode = await setStanding(settings(), 'frozen', user, options);
    });

  accounts
    .command('unfreeze')
    .description('Let a frozen user go on.')
    .argument('<user>', 'user id, or user name')
    .option('--reason <text>', 'why; it is recorded in the log with your name')
    .option('--json', 'print what came of it as one JSON object')
    .addHelpText('after', examples("hongbao accounts unfreeze alice --reason 'ticket 31 is settled'"))
    .action(async (user: string, options: StandingOptions) => {
      const { setStanding } = await import('../commands/accounts.ts');
      process.exitCode = await setStanding(settings(), 'active', user, options);
    });
}

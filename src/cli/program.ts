import { Command, type CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { exitCodes } from './cli-error.ts';
import { addAccounts } from './program/account-commands.ts';
import { addAuditCommands } from './program/audit-commands.ts';
import { addEventstore } from './program/eventstore-commands.ts';
import { examples } from './program/examples.ts';
import { addHelpCommands } from './program/help-commands.ts';
import { addLogFileCommands } from './program/log-file-commands.ts';
import { addProjections, addRebuild } from './program/projection-commands.ts';
import { addReplay } from './program/replay-command.ts';
import { addServerCommands } from './program/server-commands.ts';

/** The command line of `hongbao`. What a command does is loaded when it runs, so that `--help` answers at once. */
export function buildProgram(): Command {
  const program = new Command('hongbao')
    .description('Red packets and chat: the server, and the tools for those who run and audit it.')
    .version(packageJson.version)
    .showHelpAfterError('Run the command with --help to see what it takes.')
    .configureHelp({ sortSubcommands: false })
    // What stands behind the name of a command belongs to that, even if its parent has an option of the same name.
    .enablePositionalOptions()
    .exitOverride(exitWithOurCodes)
    .addHelpText('after', examples('hongbao up', 'hongbao doctor', 'hongbao help replay'))
    .addHelpText('after', exitCodeHelp);

  addServerCommands(program);
  addProjections(program);
  addRebuild(program, 'hongbao rebuild');
  addReplay(program);
  addAuditCommands(program);
  addAccounts(program);
  addHelpCommands(program);
  addLogFileCommands(program);
  addEventstore(program);
  return program;
}

const exitCodeHelp = `
Exit codes: 0 well; 1 something was found (a broken rule, a failed check); 2 wrong words or settings;
3 something needed is not there. Settings come from the environment: see docs/operations.md.`;

function exitWithOurCodes(error: CommanderError): never {
  process.exit(error.exitCode === 0 ? exitCodes.ok : exitCodes.usage);
}

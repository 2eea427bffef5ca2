import { Argument, Command, type CommanderError, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import type { SettingsError } from '../config/settings.ts';
import { loadSettings, type Settings } from '../config/settings.ts';
import { CliError, exitCodes } from './cli-error.ts';
import type { StandingOptions } from './commands/accounts.ts';
import type { AuditOptions } from './commands/audit.ts';
import { shells } from './completion/shells.ts';
import type { SkipOptions } from './commands/projections/skip.ts';
import type { RebuildCommandOptions } from './commands/rebuild.ts';
import { printLine } from './output.ts';

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
      const { up } = await import('./commands/up.ts');
      const options = projectors === undefined ? {} : { HONGBAO_PROJECTORS: projectors };
      process.exitCode = await up(settings({ ...process.env, ...options }), json === true);
    });

  program
    .command('demo')
    .description('Play the story of Alice, Bob and Carol with bots over real WebSockets.')
    .addHelpText('after', examples('hongbao demo', 'HONGBAO_PORT=9000 hongbao demo'))
    .action(async () => {
      const { demo } = await import('./commands/demo.ts');
      process.exitCode = await demo(settings());
    });

  program
    .command('migrate')
    .description("Bring the database to this program's schema, and do nothing else.")
    .option('--json', 'print what was applied as one JSON object')
    .addHelpText('after', examples('DATABASE_URL=postgres://... hongbao migrate'))
    .action(async (options: { json?: boolean }) => {
      const { migrateCommand } = await import('./commands/migrate.ts');
      await migrateCommand(settings(), options.json === true);
    });

  addProjections(program);
  addRebuild(program, 'hongbao rebuild');

  program
    .command('replay')
    .description('Print events of the log in order, or a state as it was at a moment.')
    .optionsGroup('Which events (those that meet all of it):')
    .option('--stream <name>', 'of one stream')
    .option('--category <name...>', 'of the streams of these kinds: wallet, packet, conversation, ...')
    .option('--type <type...>', 'of these types: PacketGrabbed, ...')
    .option('--user <id>', 'that concern a user: done by them, in a stream of theirs, or naming them')
    .option('--packet <id>', 'that concern a packet: its own, its wallet entries and its messages')
    .option('--correlation <id>', 'that one request set off')
    .option('--from <position|time>', 'from there on (default: the start of the log)')
    .option('--until <position|time>', 'up to this position, or before this time')
    .option('--follow', 'go on with the events that come, until Ctrl-C or the end of the range')
    .optionsGroup('A state instead of events:')
    .option('--as-of <position|time>', 'as it was there, or "now"; with --packet, too')
    .option('--account <id>', "of a user's account")
    .option('--wallet <id>', "of a user's wallet")
    .option('--group <id>', 'of a group, with its members')
    .optionsGroup('Output:')
    .option('--format <format>', 'text, json (an object per line) or csv (default: text)')
    .option('--json', 'the same as --format json')
    .addHelpText(
      'after',
      examples(
        'hongbao replay --user 01890a5d-ac96-774b-bcce-b302099a8057 --from 2026-02-17T00:00:00Z',
        'hongbao replay --packet 01890a5d-ac96-774b-bcce-b302099a8057 --format csv > packet.csv',
        'hongbao replay --category wallet --follow --json | jq .data.amountFen',
        'hongbao replay --as-of 2026-02-17T08:00:00Z --wallet 01890a5d-ac96-774b-bcce-b302099a8057',
      ),
    )
    .action(async (options) => {
      const { replayCommand } = await import('./commands/replay.ts');
      await replayCommand(settings(), options);
    });

  program
    .command('audit')
    .description('Check the rules of money and messages over the whole log, and the read models against it.')
    .option('--log-only', 'leave the read models (rule 8) out')
    .addOption(new Option('--format <format>', 'how to print the report').choices(['text', 'json', 'html']))
    .option('--json', 'print the report as JSON, as --format json does')
    .option('--output <file>', 'write the report into this file instead of printing it')
    .addHelpText(
      'after',
      examples(
        'hongbao audit',
        'hongbao audit --log-only --json | jq .terms',
        'hongbao audit --format html --output audit.html',
      ),
    )
    .action(async (options: AuditOptions) => {
      const { auditCommand } = await import('./commands/audit.ts');
      process.exitCode = await auditCommand(settings(), options);
    });

  program
    .command('verify')
    .description("Recompute an ended packet's shares from its revealed seed.")
    .argument('<packet>', "the packet's id")
    .option('--json', 'print the evidence and every check as JSON')
    .addHelpText('after', examples('hongbao verify 01890a5d-ac96-774b-bcce-b302099a8057'))
    .action(async (packetId: string, options: { json?: boolean }) => {
      const { verify } = await import('./commands/verify.ts');
      const { withLog } = await import('./with-log.ts');
      process.exitCode = await withLog(settings(), (log) => verify(log, packetId, options.json === true));
    });

  addAccounts(program);

  program
    .command('doctor')
    .description(
      'Look at everything that hongbao needs, and say what to do about what is wrong; change nothing.',
    )
    .option('--json', 'print the findings as one JSON object')
    .addHelpText(
      'after',
      examples(
        'hongbao doctor',
        'hongbao doctor --json | jq \'.findings[] | select(.verdict == "problem")\'',
      ),
    )
    .action(async (options: { json?: boolean }) => {
      const { doctor } = await import('./commands/doctor.ts');
      process.exitCode = await doctor(process.env, options.json === true);
    });

  program
    .command('completion')
    .description('Print the script that makes a shell complete the words of hongbao.')
    .addArgument(new Argument('<shell>', 'which one').choices(shells))
    .addHelpText(
      'after',
      examples(
        'source <(hongbao completion bash)',
        'source <(hongbao completion zsh)',
        'hongbao completion fish | source',
      ),
    )
    .action(async (shell: (typeof shells)[number]) => {
      const { completionScript } = await import('./commands/completion.ts');
      printLine(completionScript(program, shell));
    });

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
      const { exportCommand } = await import('./commands/export.ts');
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
      const { importCommand } = await import('./commands/import.ts');
      await importCommand(settings(), file, options);
    });

  const eventstore = program
    .command('eventstore')
    .description('Run the embedded event node by itself, for any EventStoreDB client, until Ctrl-C.')
    .option('--data <dir>', 'folder of the events; made when it is not there')
    .option('--port <port>', 'port to serve on; 0: any free one', '2113')
    .option('--host <host>', 'address to serve on', '127.0.0.1')
    .option('--tls-cert <file>', 'certificate (PEM) to serve TLS with; users log in and access is checked')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--insecure', 'serve plain text, and let everybody do everything')
    .option('--json', 'say as one JSON object where it serves')
    .enablePositionalOptions()
    // Refused below, with the commands that there are.
    .allowExcessArguments()
    .addHelpText(
      'after',
      examples(
        'hongbao eventstore --data /srv/events --insecure',
        'hongbao eventstore --data /srv/events --host 0.0.0.0 --tls-cert node.crt --tls-key node.key',
      ),
    )
    .action(async (options, { args, commands }: Command) => {
      const [word] = args;
      if (word !== undefined) {
        const names = commands.map((command) => command.name()).join(', ');
        throw new CliError(`There is no command "eventstore ${word}". There are: ${names}.`);
      }
      const { eventstoreCommand } = await import('./commands/eventstore.ts');
      process.exitCode = await eventstoreCommand(options, process.env.HONGBAO_LOG_LEVEL);
    });

  eventstore
    .command('verify')
    .description('Check everything in the folder of a node that does not run; nothing is changed.')
    .argument('<dir>', 'folder of the events')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', examples('hongbao eventstore verify .hongbao/events'))
    .action(async (dir: string, options: { json?: boolean }) => {
      const { verifyEvents } = await import('./commands/eventstore-tools.ts');
      process.exitCode = await verifyEvents(dir, options.json === true);
    });

  eventstore
    .command('backup')
    .description('Copy the folder of a node, which may be running, as it is at one moment.')
    .argument('<dir>', 'folder of the events')
    .argument('<target>', 'an empty folder, or one that is not there yet')
    .option('--json', 'print up to where it was copied as one JSON object')
    .addHelpText('after', examples('hongbao eventstore backup .hongbao/events /backup/events'))
    .action(async (dir: string, target: string, options: { json?: boolean }) => {
      const { backupEvents } = await import('./commands/eventstore-tools.ts');
      await backupEvents(dir, target, options.json === true);
    });

  eventstore
    .command('copy')
    .description(
      'Copy the log of one store into another, such as a cluster; it goes on where it was interrupted.',
    )
    .argument('<from>', 'connection string of the store to read')
    .argument('<to>', 'connection string of the store to write')
    .option('--json', 'print how many events were copied as one JSON object')
    .addHelpText(
      'after',
      examples(
        "hongbao eventstore copy 'esdb://127.0.0.1:2113?tls=false' 'esdb://user:password@cluster:2113'",
      ),
    )
    .action(async (from: string, to: string, options: { json?: boolean }) => {
      const { copyEvents } = await import('./commands/eventstore-tools.ts');
      await copyEvents(from, to, options.json === true);
    });

  return program;
}

function addAccounts(program: Command): void {
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
      const { showAccount } = await import('./commands/accounts.ts');
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
      const { setStanding } = await import('./commands/accounts.ts');
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
      const { setStanding } = await import('./commands/accounts.ts');
      process.exitCode = await setStanding(settings(), 'active', user, options);
    });
}

function addProjections(program: Command): void {
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
      const { projectionsCommand } = await import('./commands/projections.ts');
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
      const { retryCommand } = await import('./commands/projections/retry.ts');
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
      const { skipCommand } = await import('./commands/projections/skip.ts');
      process.exitCode = await skipCommand(settings(), name, options);
    });

  projections
    .command('abort')
    .description('End rebuilds that are under way in any process, and drop what killed ones left.')
    .argument('[projection...]', 'of which ones (default: all)')
    .option('--json', 'print what came of it as JSON, an object a line')
    .addHelpText('after', examples('hongbao projections abort', 'hongbao projections abort wallet'))
    .action(async (names: string[], options: { json?: boolean }) => {
      const { abortCommand } = await import('./commands/projections/abort.ts');
      process.exitCode = await abortCommand(settings(), names, options);
    });
}

/** `projections rebuild`, and the short name that it had before. */
function addRebuild(parent: Command, name: string): void {
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
      const { rebuildCommand } = await import('./commands/rebuild.ts');
      process.exitCode = await rebuildCommand(settings(), names, options);
    });
}

const exitCodeHelp = `
Exit codes: 0 well; 1 something was found (a broken rule, a failed check); 2 wrong words or settings;
3 something needed is not there. Settings come from the environment: see docs/operations.md.`;

function examples(...lines: string[]): string {
  return `\n${lines.length > 1 ? 'Examples' : 'Example'}:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

function exitWithOurCodes(error: CommanderError): never {
  process.exit(error.exitCode === 0 ? exitCodes.ok : exitCodes.usage);
}

/** The settings of the environment; a bad one ends the command with all that is wrong. */
function settings(env: NodeJS.ProcessEnv = process.env): Settings {
  try {
    return loadSettings(env);
  } catch (error) {
    if (isSettingsError(error)) throw new CliError(error.message);
    throw error;
  }
}

function isSettingsError(error: unknown): error is SettingsError {
  return error instanceof Error && error.name === 'SettingsError';
}

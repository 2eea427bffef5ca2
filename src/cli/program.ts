import { Command, type CommanderError, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import type { SettingsError } from '../config/settings.ts';
import { loadSettings, type Settings } from '../config/settings.ts';
import { CliError, exitCodes } from './cli-error.ts';
import type { AuditOptions } from './commands/audit.ts';
import type { SkipOptions } from './commands/projections/skip.ts';
import type { RebuildCommandOptions } from './commands/rebuild.ts';

/** The command line of `hongbao`. What a command does is loaded when it runs, so that `--help` answers at once. */
export function buildProgram(): Command {
  const program = new Command('hongbao')
    .description('Red packets and chat: the server, and the tools for those who run and audit it.')
    .version(packageJson.version)
    .showHelpAfterError('Run the command with --help to see what it takes.')
    .configureHelp({ sortSubcommands: false })
    .exitOverride(exitWithOurCodes)
    .addHelpText('after', exitCodeHelp);

  program
    .command('up')
    .description('Start the engines and the server, keep them up, and serve until Ctrl-C.')
    .option(
      '--projectors <n>',
      'let so many processes of their own keep the read models (HONGBAO_PROJECTORS)',
    )
    .addHelpText(
      'after',
      examples(
        'hongbao up',
        'hongbao up --projectors 2',
        'HONGBAO_PORT=9000 HONGBAO_DATA=/srv/hongbao hongbao up',
      ),
    )
    .action(async ({ projectors }: { projectors?: string }) => {
      const { up } = await import('./commands/up.ts');
      const options = projectors === undefined ? {} : { HONGBAO_PROJECTORS: projectors };
      process.exitCode = await up(settings({ ...process.env, ...options }));
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
    .addHelpText('after', examples('DATABASE_URL=postgres://... hongbao migrate'))
    .action(async () => {
      const { migrateCommand } = await import('./commands/migrate.ts');
      await migrateCommand(settings());
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

  const eventstore = program
    .command('eventstore')
    .description('Run the embedded event node by itself, for any EventStoreDB client, until Ctrl-C.')
    .option('--data <dir>', 'folder of the events; made when it is not there')
    .option('--port <port>', 'port to serve on; 0: any free one', '2113')
    .option('--host <host>', 'address to serve on', '127.0.0.1')
    .option('--tls-cert <file>', 'certificate (PEM) to serve TLS with; users log in and access is checked')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--insecure', 'serve plain text, and let everybody do everything')
    .addHelpText(
      'after',
      examples(
        'hongbao eventstore --data /srv/events --insecure',
        'hongbao eventstore --data /srv/events --host 0.0.0.0 --tls-cert node.crt --tls-key node.key',
      ),
    )
    .action(async (options) => {
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
    .addHelpText('after', examples('hongbao eventstore backup .hongbao/events /backup/events'))
    .action(async (dir: string, target: string) => {
      const { backupEvents } = await import('./commands/eventstore-tools.ts');
      await backupEvents(dir, target);
    });

  eventstore
    .command('copy')
    .description(
      'Copy the log of one store into another, such as a cluster; it goes on where it was interrupted.',
    )
    .argument('<from>', 'connection string of the store to read')
    .argument('<to>', 'connection string of the store to write')
    .addHelpText(
      'after',
      examples(
        "hongbao eventstore copy 'esdb://127.0.0.1:2113?tls=false' 'esdb://user:password@cluster:2113'",
      ),
    )
    .action(async (from: string, to: string) => {
      const { copyEvents } = await import('./commands/eventstore-tools.ts');
      await copyEvents(from, to);
    });

  return program;
}

function addProjections(program: Command): void {
  const projections = program
    .command('projections')
    .description('Look at the read models, and put them right. Without a further word: status.');

  projections
    .command('status', { isDefault: true })
    .description('Show where each read model is, why one stands still, and which events are skipped.')
    .option('--json', 'print it as one JSON object')
    .addHelpText('after', examples('hongbao projections status', 'hongbao projections --json | jq .head'))
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
    .addHelpText('after', examples('hongbao projections retry wallet'))
    .action(async (name: string, options: { partition?: string }) => {
      const { retryCommand } = await import('./commands/projections/retry.ts');
      process.exitCode = await retryCommand(settings(), name, options);
    });

  projections
    .command('skip')
    .description('Leave the event at which a partition stands out of a read model, now and in every rebuild.')
    .argument('<projection>', 'which one')
    .requiredOption('--position <position>', 'of the event, as status shows it')
    .requiredOption('--reason <text>', 'why; it is recorded in the log with your name')
    .option('--partition <number>', 'refuse unless this partition stands there')
    .option('--undo', 'skip it no more: a rebuild takes the event again')
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
    .addHelpText('after', examples('hongbao projections abort', 'hongbao projections abort wallet'))
    .action(async (names: string[]) => {
      const { abortCommand } = await import('./commands/projections/abort.ts');
      process.exitCode = await abortCommand(settings(), names);
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
    .option('--json', 'print differences and results as JSON, an object a line')
    .addHelpText('after', examples(name, `${name} friends groups --verify`))
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

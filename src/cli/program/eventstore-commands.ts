import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { examples } from './examples.ts';

/** The embedded event node by itself, and the tools for its folder. */
export function addEventstore(program: Command): void {
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
      const { eventstoreCommand } = await import('../commands/eventstore.ts');
      process.exitCode = await eventstoreCommand(options, process.env.HONGBAO_LOG_LEVEL);
    });

  eventstore
    .command('verify')
    .description('Check everything in the folder of a node that does not run; nothing is changed.')
    .argument('<dir>', 'folder of the events')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', examples('hongbao eventstore verify .hongbao/events'))
    .action(async (dir: string, options: { json?: boolean }) => {
      const { verifyEvents } = await import('../commands/eventstore-tools.ts');
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
      const { backupEvents } = await import('../commands/eventstore-tools.ts');
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
      const { copyEvents } = await import('../commands/eventstore-tools.ts');
      await copyEvents(from, to, options.json === true);
    });
}

import type { Command } from 'commander';
import { examples } from './examples.ts';
import { settings } from './settings-or-exit.ts';

/** Events of the log, or a state as of a moment. */
export function addReplay(program: Command): void {
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
      const { replayCommand } = await import('../commands/replay.ts');
      await replayCommand(settings(), options);
    });
}

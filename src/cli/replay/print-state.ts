import type { EventLog } from '../../commands/event-log.ts';
import type { GroupId, PacketId, UserId } from '../../domain/ids.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { printable } from '../event-lines.ts';
import { printLine, stdoutReady } from '../output.ts';
import { accountAt } from './account-at.ts';
import type { FoldedStream, Place } from './fold-stream.ts';
import { groupAt } from './group-at.ts';
import { type Moment, momentText } from './moment.ts';
import { packetAt } from './packet-at.ts';
import { accountLines, groupLines, type Line, packetLines, walletLines } from './state-lines.ts';
import { walletAt } from './wallet-at.ts';

/** Whose state: the kind of aggregate, and its id (of an account and a wallet the user's). */
export interface Subject {
  readonly kind: 'account' | 'wallet' | 'packet' | 'group';
  readonly id: string;
}

/**
 * Prints the state of a subject at a moment, from its stream alone. Throws `CliError` when it was not there yet,
 * with what was looked for found missing as the exit code.
 */
export async function printState(
  log: EventLog,
  subject: Subject,
  moment: Moment,
  format: 'text' | 'json',
): Promise<void> {
  const { state, lines, last, next } = await stateAt(log, subject, moment);
  if (last === undefined) throw new CliError(notThere(subject, moment, next), exitCodes.found);
  const { kind, id } = subject;
  if (format === 'json') {
    printLine(JSON.stringify({ [kind]: id, asOf: momentJson(moment), last: placeJson(last), state }));
    return;
  }
  const { revision, position } = last;
  const head: readonly Line[] = [
    [kind, id],
    ['as of', momentText(moment)],
    ['last event', `revision ${revision} at position ${position}, ${new Date(last.timeMs).toISOString()}`],
  ];
  for (const [label, text] of [...head, ...lines()]) {
    printLine(printable(`${label.padEnd(14)}${text}`));
    await stdoutReady();
  }
}

interface StateToPrint extends FoldedStream<unknown> {
  lines(): readonly Line[];
}

async function stateAt(log: EventLog, { kind, id }: Subject, moment: Moment): Promise<StateToPrint> {
  switch (kind) {
    case 'account':
      return withLines(await accountAt(log, id as UserId, moment), accountLines);
    case 'wallet':
      return withLines(await walletAt(log, id as UserId, moment), walletLines);
    case 'packet':
      return withLines(await packetAt(log, id as PacketId, moment), packetLines);
    case 'group':
      return withLines(await groupAt(log, id as GroupId, moment), groupLines);
  }
}

function withLines<View>(folded: FoldedStream<View>, linesOf: (view: View) => readonly Line[]): StateToPrint {
  return { ...folded, lines: () => linesOf(folded.state) };
}

function notThere({ kind, id }: Subject, moment: Moment, next: Place | undefined): string {
  if (next === undefined) return `There is no ${kind} ${id}.`;
  return (
    `There was no ${kind} ${id} as of ${momentText(moment)}: its first event is at position ` +
    `${next.position}, ${new Date(next.timeMs).toISOString()}.`
  );
}

function momentJson(moment: Moment): object {
  return moment.kind === 'position' ? { kind: moment.kind, position: `${moment.position}` } : moment;
}

function placeJson({ revision, position, timeMs }: Place): object {
  return { revision, position: `${position}`, timeMs };
}

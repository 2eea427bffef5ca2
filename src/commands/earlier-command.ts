import type { CommandEnvelope } from './command-envelope.ts';
import type { HistoryAnswer } from './command-history.ts';
import type { Position } from './event-log.ts';
import { EventLogUnavailable, START } from './event-log.ts';
import type { MailboxScope } from './mailbox-scope.ts';
import type { RecentCommand, RecentCommands } from './recent-commands.ts';

/** A command, and what is known of an earlier acceptance of it beyond its stream's recent commands. */
export interface LookedUp {
  readonly envelope: CommandEnvelope<unknown>;
  earlier: RecentCommand | undefined;
  /** Up to here in the log its stream is known not to hold it. */
  absentUntil: Position;
}

export type LookUpResult =
  | { readonly kind: 'found'; readonly command: RecentCommand }
  | { readonly kind: 'absent'; readonly until: Position }
  /** The history lags too far behind for the rest to be searched. */
  | { readonly kind: 'too-far' };

/**
 * Whether a command may have been accepted so long ago that its stream's recent commands have forgotten it, and
 * somebody wants to know. Never so for a new step of a process: it comes after its cause in the log, and what the
 * stream accepted since then is recent.
 */
export function needsLookUp(recent: RecentCommands, { envelope, earlier, absentUntil }: LookedUp): boolean {
  const { commandId, retry, onceAfter } = envelope;
  if (retry !== true && onceAfter === undefined) return false;
  if (earlier !== undefined || recent.find(commandId) !== undefined) return false;
  return !recent.covers(later(onceAfter ?? START, absentUntil));
}

/**
 * Looks a command up where the recent commands end: in the history when it is said to be a retry, and in the
 * stream as far back as the history, or the command's cause, leaves open. Throws `EventLogUnavailable`.
 */
export async function lookUpEarlier(
  { history, epoch, loader, bounds }: Pick<MailboxScope, 'history' | 'epoch' | 'loader' | 'bounds'>,
  stream: string,
  recent: RecentCommands,
  { envelope, absentUntil }: LookedUp,
): Promise<LookUpResult> {
  const { commandId, retry, onceAfter } = envelope;
  const forgotten = recent.forgottenUntil;
  if (forgotten === null) return { kind: 'absent', until: START };
  let reached = START;
  if (retry === true) {
    const answer = await askHistory(history, commandId, epoch);
    if (answer.command !== undefined) return { kind: 'found', command: inStream(stream, answer.command) };
    reached = answer.reached;
  }
  // The history keeps days, and a step happens once for ever: for that, only the stream is proof.
  const after = later(onceAfter ?? reached, absentUntil);
  if (forgotten.position <= after) return { kind: 'absent', until: forgotten.position };
  const found = await loader.search(stream, commandId, {
    from: forgotten.revision,
    after,
    eventsMax: onceAfter === undefined ? bounds.retrySearchEventsMax : Number.POSITIVE_INFINITY,
  });
  if (found === 'too-far') return { kind: 'too-far' };
  return found === 'absent'
    ? { kind: 'absent', until: forgotten.position }
    : { kind: 'found', command: found };
}

async function askHistory(
  history: MailboxScope['history'],
  commandId: string,
  epoch: string,
): Promise<HistoryAnswer> {
  try {
    return await history.find(commandId, epoch);
  } catch (error) {
    // Going on without it could do the thing twice.
    throw new EventLogUnavailable('the command history does not answer', { cause: error });
  }
}

/** In another stream it was another command, whatever its body. */
function inStream(
  stream: string,
  { bodyHash, firstRevision, lastRevision, ...found }: NonNullable<HistoryAnswer['command']>,
): RecentCommand {
  return { bodyHash: found.stream === stream ? bodyHash : '', firstRevision, lastRevision };
}

function later(one: Position, other: Position): Position {
  return one > other ? one : other;
}

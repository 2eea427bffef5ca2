import type { CommandEnvelope } from './command-envelope.ts';
import { EventLogUnavailable } from './event-log.ts';
import type { MailboxScope } from './mailbox-scope.ts';
import type { RecentCommand, RecentCommands } from './recent-commands.ts';

/**
 * A command that its stream accepted so long ago that the aggregate has forgotten it: from the history when the
 * client says that it retries, and by searching the stream when the command must happen once. `undefined` when
 * it is new, as far as can be known. Throws `EventLogUnavailable`.
 */
export async function findEarlier(
  { history, loader, bounds }: MailboxScope,
  stream: string,
  recent: RecentCommands,
  { commandId, retry, onceSinceMs }: CommandEnvelope<unknown>,
): Promise<RecentCommand | undefined> {
  const isComplete = recent.covers(Number.NEGATIVE_INFINITY);
  if (isComplete || recent.find(commandId) !== undefined) return undefined;
  const known = retry === true ? await inHistory(history, stream, commandId) : undefined;
  if (known !== undefined || onceSinceMs === undefined) return known;
  const sinceMs = onceSinceMs - bounds.clockSkewMs;
  return recent.covers(sinceMs) ? undefined : loader.search(stream, commandId, sinceMs);
}

async function inHistory(
  history: MailboxScope['history'],
  stream: string,
  commandId: string,
): Promise<RecentCommand | undefined> {
  try {
    const found = await history.find(commandId);
    if (found === undefined) return undefined;
    const { bodyHash, firstRevision, lastRevision } = found;
    // In another stream it was another command, whatever its body.
    const elsewhere = found.stream !== stream;
    return { bodyHash: elsewhere ? '' : bodyHash, firstRevision, lastRevision, timeMs: 0 };
  } catch (error) {
    // Going on without it could do the thing twice.
    throw new EventLogUnavailable('the command history does not answer', { cause: error });
  }
}

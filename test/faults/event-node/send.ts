import {
  ANY,
  type EventStoreDBClient,
  jsonEvent,
  NO_STREAM,
  StreamDeletedError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import type { AppendAttempt, AppendOutcome, EndAttempt, Expected } from './attempts.ts';

/** Sends an append, for the first time or again. */
export async function sendAppend(
  client: EventStoreDBClient,
  { stream, expected, ids }: Pick<AppendAttempt, 'stream' | 'expected' | 'ids'>,
): Promise<AppendOutcome> {
  const events = ids.map((id) => jsonEvent({ id, type: 'Happened', data: { text: id.repeat(5) } }));
  try {
    const result = await client.appendToStream(stream, events, { expectedRevision: revisionOf(expected) });
    if (result.position === undefined) throw new Error('an append was answered without a position');
    return {
      kind: 'appended',
      revision: Number(result.nextExpectedRevision),
      position: Number(result.position.commit),
    };
  } catch (error) {
    if (error instanceof WrongExpectedVersionError || error instanceof StreamDeletedError) {
      return { kind: 'refused' };
    }
    return { kind: 'unknown' };
  }
}

/** Deletes or ends a stream. Answers the position, or undefined when no answer came. */
export async function sendEnd(
  client: EventStoreDBClient,
  { kind, stream }: Pick<EndAttempt, 'kind' | 'stream'>,
): Promise<number | undefined> {
  try {
    const result =
      kind === 'delete' ? await client.deleteStream(stream) : await client.tombstoneStream(stream);
    return Number(result.position?.commit);
  } catch (error) {
    if (error instanceof WrongExpectedVersionError || error instanceof StreamDeletedError) throw error;
    return undefined;
  }
}

function revisionOf(expected: Expected) {
  if (expected === 'any') return ANY;
  return expected === 'no-stream' ? NO_STREAM : BigInt(expected);
}

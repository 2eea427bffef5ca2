import shared from '@eventstore/db-client/generated/shared_pb.js';
import type status from '@eventstore/db-client/generated/status_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import {
  AppendRejected,
  type EventLogError,
  EventLogRefused,
  StreamDeleted,
} from '../../src/commands/event-log.ts';

/** What the store said to one append. */
export type AppendReply =
  /** A store may leave out where a resent append lies in the log: then `position` is undefined. */
  | { readonly kind: 'appended'; readonly revision: number; readonly position: bigint | undefined }
  | { readonly kind: 'conflict'; readonly currentRevision: number }
  /** Never, however often it is sent. */
  | { readonly kind: 'rejected'; readonly error: EventLogError }
  /** The store could not say; the append may have been written. */
  | { readonly kind: 'unclear'; readonly cause: string };

export function parseAppendReply(response: streams.BatchAppendResp): AppendReply {
  const success = response.getSuccess();
  if (success !== undefined) {
    const position = success.getPosition();
    return {
      kind: 'appended',
      revision: Number(success.getCurrentRevision()),
      position: position === undefined ? undefined : BigInt(position.getCommitPosition()),
    };
  }
  const error = response.getError();
  return error === undefined ? { kind: 'unclear', cause: 'the answer was empty' } : parseError(error);
}

function parseError(error: status.Status): AppendReply {
  const details = error.getDetails();
  const type = details?.getTypeName().split('.').at(-1) ?? '';
  if (type === 'WrongExpectedVersion' && details !== undefined) {
    const detail = shared.WrongExpectedVersion.deserializeBinary(details.getValue_asU8());
    const current = detail.hasCurrentStreamRevision() ? Number(detail.getCurrentStreamRevision()) : -1;
    return { kind: 'conflict', currentRevision: current };
  }
  const cause = `${type}: ${error.getMessage()}`;
  const final = finalError(type, `the event store refuses an append: ${cause}`);
  return final === undefined ? { kind: 'unclear', cause } : { kind: 'rejected', error: final };
}

/** The errors that another try cannot change. The rest - Timeout, Unknown, what is new - leave it unclear. */
function finalError(type: string, message: string): EventLogError | undefined {
  switch (type) {
    case 'AccessDenied':
      return new EventLogRefused(message);
    case 'StreamDeleted':
      return new StreamDeleted(message);
    case 'MaximumAppendSizeExceeded':
      return new AppendRejected(message, 'too-large');
    case 'BadRequest':
    case 'InvalidTransaction':
      return new AppendRejected(message);
    default:
      return undefined;
  }
}

/** `Streams.Delete` and `Streams.Tombstone`: an end that a stream may begin again after, and one for good. */
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { type Access, requireStream } from '../access/access.ts';
import type { Expected } from '../storage/append-decision.ts';
import { expectedVersionText, parseExpectedRevision } from './expected-revision.ts';
import type { DeleteOutcome, EventStore } from '../storage/event-store.ts';
import { frameOf } from '../grpc/grpc-frames.ts';
import type { GrpcHandler } from '../grpc/grpc-server.ts';
import { GrpcError, grpcStatus, headerText, invalidArgument, streamDeleted } from '../grpc/grpc-status.ts';
import { orUnavailable } from '../grpc/or-unavailable.ts';
import { parseMessage } from '../grpc/parse-message.ts';
import { parseWritableStream } from './proposal.ts';

export function deleteService(store: EventStore, access: Access): GrpcHandler {
  return async (call) => {
    const options = parseMessage(streams.DeleteReq, await call.requiredMessage()).getOptions();
    if (options === undefined) throw invalidArgument('a delete needs options');
    const stream = parseWritableStream(options.getStreamIdentifier());
    requireStream(access, call.caller, stream, 'delete');
    const expected = parseExpectedRevision(options);
    const position = deletedAt(stream, expected, await orUnavailable(store.delete(stream, expected)));
    const at = new streams.DeleteResp.Position();
    at.setCommitPosition(position).setPreparePosition(position);
    await call.write(frameOf(new streams.DeleteResp().setPosition(at)));
  };
}

export function tombstoneService(store: EventStore, access: Access): GrpcHandler {
  return async (call) => {
    const options = parseMessage(streams.TombstoneReq, await call.requiredMessage()).getOptions();
    if (options === undefined) throw invalidArgument('a tombstone needs options');
    const stream = parseWritableStream(options.getStreamIdentifier());
    requireStream(access, call.caller, stream, 'delete');
    const expected = parseExpectedRevision(options);
    const position = deletedAt(stream, expected, await orUnavailable(store.tombstone(stream, expected)));
    const at = new streams.TombstoneResp.Position();
    at.setCommitPosition(position).setPreparePosition(position);
    await call.write(frameOf(new streams.TombstoneResp().setPosition(at)));
  };
}

/** The position of the deletion. Throws `GrpcError` when there was none. */
function deletedAt(stream: string, expected: Expected, outcome: DeleteOutcome): string {
  switch (outcome.kind) {
    case 'deleted':
      return String(outcome.position);
    case 'stream-deleted':
      throw streamDeleted(stream);
    case 'wrong-expected-version':
      throw new GrpcError(grpcStatus.failedPrecondition, 'wrong expected version', {
        exception: 'wrong-expected-version',
        'stream-name': headerText(stream),
        'expected-version': expectedVersionText(expected),
        ...(outcome.currentRevision >= 0 && { 'actual-version': String(outcome.currentRevision) }),
      });
  }
}

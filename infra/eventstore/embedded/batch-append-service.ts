/**
 * `Streams.BatchAppend`: one long call carries many appends, told apart by correlation id. An append may come
 * in several messages; the last one says so. Answers come in the order in which appends become durable.
 *
 * A bad append is answered with an error of its own; the call, and everybody else's appends on it, live on.
 */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import status from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { limits } from '../../../src/config/limits.ts';
import type { Clock } from '../../../src/runtime/runtime.ts';
import type { Expected } from './append-decision.ts';
import { type AppendOutcome, type EventStore, StoreUnavailable } from './event-store.ts';
import type { GrpcCall } from './grpc-call.ts';
import { frameOf, type Serializable } from './grpc-frames.ts';
import type { GrpcHandler } from './grpc-server.ts';
import { GrpcError, grpcStatus, invalidArgument } from './grpc-status.ts';
import { parseMessage } from './parse-message.ts';
import { AppendEvents, parseU64, parseUuid, parseWritableStream } from './proposal.ts';

/** An append of which not all messages have come. */
interface OpenAppend {
  readonly correlationId: shared.UUID | undefined;
  readonly options: streams.BatchAppendReq.Options;
  readonly stream: string;
  readonly expected: Expected;
  readonly proposal: AppendEvents;
  /** The first thing that is wrong with it; answered when its last message has come. */
  error: GrpcError | undefined;
}

export function batchAppendService(store: EventStore, clock: Clock): GrpcHandler {
  return async (call) => {
    const open = new Map<string, OpenAppend>();
    const flow = new InFlight();
    for await (const bytes of call.messages()) {
      const request = parseMessage(streams.BatchAppendReq, bytes);
      const key = parseUuid(request.getCorrelationId());
      const append = open.get(key) ?? beginAppend(request);
      open.set(key, append);
      addEvents(append, request);
      if (!request.getIsFinal()) {
        if (open.size > limits.eventNode.batchAppendsUnfinishedMax) {
          throw new GrpcError(grpcStatus.resourceExhausted, 'too many unfinished appends on one call');
        }
        continue;
      }
      open.delete(key);
      flow.begin(bytes.length);
      void answer(call, store, clock, append).finally(() => flow.finish(bytes.length));
      await flow.room(call.signal);
    }
    await flow.idle(call.signal);
  };
}

function beginAppend(request: streams.BatchAppendReq): OpenAppend {
  const options = request.getOptions();
  if (options === undefined) throw invalidArgument('an append begins with its options');
  const correlationId = request.getCorrelationId();
  const proposal = new AppendEvents();
  try {
    const stream = parseWritableStream(options.getStreamIdentifier());
    return { correlationId, options, stream, expected: parseExpected(options), proposal, error: undefined };
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    return { correlationId, options, stream: '', expected: { kind: 'any' }, proposal, error };
  }
}

function addEvents(append: OpenAppend, request: streams.BatchAppendReq): void {
  try {
    for (const message of request.getProposedMessagesList()) {
      if (append.error === undefined) append.proposal.add(message);
    }
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    append.error = error;
  }
}

async function answer(call: GrpcCall, store: EventStore, clock: Clock, append: OpenAppend): Promise<void> {
  const response = new streams.BatchAppendResp();
  response.setCorrelationId(append.correlationId);
  response.setStreamIdentifier(append.options.getStreamIdentifier());
  copyExpected(append.options, response);
  const result = await outcomeOf(store, clock, append);
  if (result instanceof status.Status) response.setError(result);
  else response.setSuccess(result);
  await call.writeTogether(frameOf(response));
}

async function outcomeOf(
  store: EventStore,
  clock: Clock,
  { options, stream, expected, proposal, error }: OpenAppend,
): Promise<streams.BatchAppendResp.Success | status.Status> {
  if (error !== undefined) {
    return failure(
      INVALID_ARGUMENT,
      error.message,
      'BadRequest',
      new shared.BadRequest().setMessage(error.message),
    );
  }
  if (proposal.tooLarge) {
    const { appendBytesMax } = limits.eventNode;
    const detail = new shared.MaximumAppendSizeExceeded().setMaxappendsize(appendBytesMax);
    const message = `an append has at most ${appendBytesMax} bytes`;
    return failure(INVALID_ARGUMENT, message, 'MaximumAppendSizeExceeded', detail);
  }
  const deadline = options.getDeadline();
  if (deadline !== undefined && deadline.toDate().getTime() <= clock.nowMs()) {
    return failure(DEADLINE_EXCEEDED, 'the deadline had passed on arrival', 'Timeout', new shared.Timeout());
  }
  try {
    const outcome = await store.append(stream, expected, proposal.events);
    switch (outcome.kind) {
      case 'appended':
        return success(outcome);
      case 'wrong-expected-version':
        return wrongVersion(outcome.currentRevision, expected);
      case 'stream-deleted': {
        const detail = new shared.StreamDeleted().setStreamIdentifier(options.getStreamIdentifier());
        return failure(FAILED_PRECONDITION, 'the stream is deleted', 'StreamDeleted', detail);
      }
    }
  } catch (reason) {
    // Of a kind that the published client does not know: then it shows the message, which it leaves out of Unknown.
    if (reason instanceof StoreUnavailable) return unavailable(reason.message);
    // Nothing else is expected. It is answered too, so that one append's bug is its own.
    return failure(UNKNOWN, 'internal error', 'Unknown', new shared.Unknown());
  }
}

function parseExpected(options: streams.BatchAppendReq.Options): Expected {
  const cases = streams.BatchAppendReq.Options.ExpectedStreamPositionCase;
  switch (options.getExpectedStreamPositionCase()) {
    case cases.STREAM_POSITION:
      return { kind: 'revision', revision: parseU64(options.getStreamPosition(), 'the expected revision') };
    case cases.NO_STREAM:
      return { kind: 'no-stream' };
    case cases.ANY:
      return { kind: 'any' };
    case cases.STREAM_EXISTS:
      return { kind: 'stream-exists' };
    default:
      throw invalidArgument('an append needs an expected revision');
  }
}

function copyExpected(options: streams.BatchAppendReq.Options, response: streams.BatchAppendResp): void {
  if (options.hasStreamPosition()) response.setStreamPosition(options.getStreamPosition());
  else if (options.hasNoStream()) response.setNoStream(new emptyPb.Empty());
  else if (options.hasAny()) response.setAny(new emptyPb.Empty());
  else if (options.hasStreamExists()) response.setStreamExists(new emptyPb.Empty());
}

function success(outcome: AppendOutcome & { kind: 'appended' }): streams.BatchAppendResp.Success {
  const success = new streams.BatchAppendResp.Success();
  if (outcome.revision < 0) success.setNoStream(new emptyPb.Empty());
  else success.setCurrentRevision(String(outcome.revision));
  if (outcome.position === undefined) return success.setNoPosition(new emptyPb.Empty());
  const position = new shared.AllStreamPosition();
  position.setCommitPosition(String(outcome.position));
  position.setPreparePosition(String(outcome.position));
  return success.setPosition(position);
}

function wrongVersion(current: number, expected: Expected): status.Status {
  const detail = new shared.WrongExpectedVersion();
  if (current < 0) detail.setCurrentNoStream(new emptyPb.Empty());
  else detail.setCurrentStreamRevision(String(current));
  switch (expected.kind) {
    case 'revision':
      detail.setExpectedStreamPosition(String(expected.revision));
      break;
    case 'no-stream':
      detail.setExpectedNoStream(new emptyPb.Empty());
      break;
    case 'any':
      detail.setExpectedAny(new emptyPb.Empty());
      break;
    case 'stream-exists':
      detail.setExpectedStreamExists(new emptyPb.Empty());
      break;
  }
  return failure(FAILED_PRECONDITION, 'wrong expected version', 'WrongExpectedVersion', detail);
}

/** An error of one append. Clients tell its kind by the type of its detail. */
function failure(code: Code, message: string, detailType: string, detail: Serializable): status.Status {
  const details = new anyPb.Any();
  details.pack(detail.serializeBinary(), `event_store.client.${detailType}`);
  return new status.Status().setCode(code).setMessage(message).setDetails(details);
}

function unavailable(message: string): status.Status {
  const details = new anyPb.Any();
  details.pack(new emptyPb.Empty().serializeBinary(), 'google.protobuf.Empty');
  return new status.Status().setCode(UNAVAILABLE).setMessage(message).setDetails(details);
}

type Code = Parameters<status.Status['setCode']>[0];
const UNKNOWN: Code = 2;
const INVALID_ARGUMENT: Code = 3;
const DEADLINE_EXCEEDED: Code = 4;
const FAILED_PRECONDITION: Code = 9;
const UNAVAILABLE: Code = 14;

/** How much one call has under way; over the limit its socket is not read, and TCP slows the sender. */
class InFlight {
  #appends = 0;
  #bytes = 0;
  #changed = Promise.withResolvers<void>();

  begin(bytes: number): void {
    this.#appends++;
    this.#bytes += bytes;
  }

  finish(bytes: number): void {
    this.#appends--;
    this.#bytes -= bytes;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  async room(signal: AbortSignal): Promise<void> {
    const { batchAppendsInFlightMax, batchBytesInFlightMax } = limits.eventNode;
    while (
      !signal.aborted &&
      (this.#appends > batchAppendsInFlightMax || this.#bytes > batchBytesInFlightMax)
    ) {
      await this.#changed.promise;
    }
  }

  async idle(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#appends > 0) await this.#changed.promise;
  }
}

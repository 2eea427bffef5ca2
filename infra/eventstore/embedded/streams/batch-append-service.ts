/**
 * `Streams.BatchAppend`: one long call carries many appends, told apart by correlation id. An append may come
 * in several messages; the last one says so. Answers come in the order in which appends become durable.
 *
 * A bad append is answered with an error of its own; the call, and everybody else's appends on it, live on. Only
 * a node that stops ends the call, behind the answers of what it had taken: clients know by that to send the rest
 * elsewhere or later.
 */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import status from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { limits } from '../../../../src/config/limits.ts';
import type { Clock, Runtime, TimerHandle, Timers } from '../../../../src/runtime/runtime.ts';
import { type Access, requireStream } from '../access/access.ts';
import type { Caller } from '../access/caller.ts';
import { type AppendBudgets, unfinishedOfCall } from './append-budgets.ts';
import type { Expected } from '../storage/append-decision.ts';
import { BudgetShare, type ByteBudget } from '../grpc/byte-budget.ts';
import { batchAppendReqEvent, checkEventMessage } from './event-message-guard.ts';
import {
  type AppendOutcome,
  type EventStore,
  StoreClosing,
  StoreUnavailable,
} from '../storage/event-store.ts';
import type { GrpcCall } from '../grpc/grpc-call.ts';
import { frameOf, type Serializable } from '../grpc/grpc-frames.ts';
import type { GrpcHandler } from '../grpc/grpc-server.ts';
import { GrpcError, grpcStatus, invalidArgument } from '../grpc/grpc-status.ts';
import { parseMessage } from '../grpc/parse-message.ts';
import { AppendEvents, appendTooSlow, parseU64, parseUuid, parseWritableStream } from './proposal.ts';

/** An append of which not all messages have come. */
interface OpenAppend {
  readonly correlationId: shared.UUID | undefined;
  readonly options: streams.BatchAppendReq.Options;
  readonly stream: string;
  readonly expected: Expected;
  readonly proposal: AppendEvents;
  /** What it holds while it is unfinished. */
  readonly share: BudgetShare;
  readonly begunMs: number;
  /** The first thing that is wrong with it; answered when its last message has come. */
  error: GrpcError | undefined;
}

export function batchAppendService(
  store: EventStore,
  { clock, timers }: Pick<Runtime, 'clock' | 'timers'>,
  access: Access,
  budgets: AppendBudgets,
): GrpcHandler {
  return async (call) => {
    const open = new Map<string, OpenAppend>();
    const flow = new InFlight(budgets.underWay);
    const unfinished = unfinishedOfCall(budgets);
    const deadline = watchUnfinished(call, open, clock, timers);
    let caller: Caller | undefined = call.caller;
    access.follow(call, undefined, (now) => {
      caller = now;
    });
    let closing = false;
    try {
      for await (const bytes of call.messages(limits.eventNode.receiveBytesMax)) {
        if (closing) break;
        checkEventMessage(bytes, batchAppendReqEvent);
        const request = parseMessage(streams.BatchAppendReq, bytes);
        const key = parseUuid(request.getCorrelationId());
        const begun = open.get(key);
        const append =
          begun ?? beginAppend(request, { share: new BudgetShare(unfinished), clock, access, caller });
        addEvents(append, request);
        if (!request.getIsFinal()) {
          open.set(key, append);
          if (open.size > limits.eventNode.batchAppendsUnfinishedMax) {
            throw new GrpcError(grpcStatus.resourceExhausted, 'too many unfinished appends on one call');
          }
          append.share.set(append.proposal.heldBytes);
          continue;
        }
        open.delete(key);
        append.share.release();
        // It may have begun long ago.
        if (begun !== undefined) checkRight(begun, access, caller);
        const { heldBytes } = append.proposal;
        flow.begin(heldBytes);
        const answered = outcomeOf(store, clock, append).then(async (outcome) => {
          if (outcome === 'closing') closing = true;
          else await answer(call, append, outcome);
        });
        void answered.finally(() => flow.finish(heldBytes));
        await flow.room(call.signal);
      }
      await flow.idle(call.signal);
      // The server says why, as soon as all that was accepted is answered.
      if (closing) await ended(call.signal);
    } finally {
      deadline.cancel();
      for (const append of open.values()) append.share.release();
    }
  };
}

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Ends a call one of whose appends does not come to its end. */
function watchUnfinished(
  call: GrpcCall,
  open: ReadonlyMap<string, OpenAppend>,
  clock: Clock,
  timers: Timers,
): TimerHandle {
  const { unfinishedAppendMs } = limits.eventNode;
  return timers.every(unfinishedAppendMs, () => {
    // They are in the order in which they began.
    for (const { begunMs } of open.values()) {
      if (clock.monotonicMs() - begunMs >= unfinishedAppendMs) call.fail(appendTooSlow());
      return;
    }
  });
}

interface AppendContext {
  readonly share: BudgetShare;
  readonly clock: Clock;
  readonly access: Access;
  readonly caller: Caller | undefined;
}

function beginAppend(
  request: streams.BatchAppendReq,
  { share, clock, access, caller }: AppendContext,
): OpenAppend {
  const options = request.getOptions();
  if (options === undefined) throw invalidArgument('an append begins with its options');
  // A copy: the name is a view of the whole message, which would stay in memory with it.
  const name = options.getStreamIdentifier();
  name?.setStreamName(new Uint8Array(name.getStreamName_asU8()));
  const begun = {
    correlationId: request.getCorrelationId(),
    options,
    proposal: new AppendEvents(),
    share,
    begunMs: clock.monotonicMs(),
  };
  try {
    const stream = parseWritableStream(name);
    requireStream(access, caller, stream, 'write');
    return { ...begun, stream, expected: parseExpected(options), error: undefined };
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    return { ...begun, stream: '', expected: { kind: 'any' }, error };
  }
}

function addEvents(append: OpenAppend, request: streams.BatchAppendReq): void {
  unlessWrong(append, () => {
    for (const message of request.getProposedMessagesList()) append.proposal.add(message);
  });
}

function checkRight(append: OpenAppend, access: Access, caller: Caller | undefined): void {
  unlessWrong(append, () => requireStream(access, caller, append.stream, 'write'));
}

/** Does what an append asks for. What is wrong with it is kept for its answer, and of the append nothing else is. */
function unlessWrong(append: OpenAppend, work: () => void): void {
  if (append.error !== undefined) return;
  try {
    work();
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    append.error = error;
    append.proposal.discard();
  }
}

type Outcome = streams.BatchAppendResp.Success | status.Status;

async function answer(call: GrpcCall, append: OpenAppend, outcome: Outcome): Promise<void> {
  const response = new streams.BatchAppendResp();
  response.setCorrelationId(append.correlationId);
  response.setStreamIdentifier(append.options.getStreamIdentifier());
  copyExpected(append.options, response);
  if (outcome instanceof status.Status) response.setError(outcome);
  else response.setSuccess(outcome);
  await call.writeTogether(frameOf(response));
}

async function outcomeOf(
  store: EventStore,
  clock: Clock,
  { options, stream, expected, proposal, error }: OpenAppend,
): Promise<Outcome | 'closing'> {
  if (error?.status === grpcStatus.permissionDenied) {
    return failure(PERMISSION_DENIED, error.message, 'AccessDenied', new shared.AccessDenied());
  }
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
    if (reason instanceof StoreClosing) return 'closing';
    // Of a kind that the published client does not know: then it shows the message, which it leaves out of Unknown.
    if (reason instanceof StoreUnavailable) return unavailable(reason.message);
    // Not expected, and answered all the same, so that one append's bug is its own.
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
const PERMISSION_DENIED: Code = 7;
const FAILED_PRECONDITION: Code = 9;
const UNAVAILABLE: Code = 14;

/** How much one call has under way; over the limit its socket is not read, and TCP slows the sender. */
class InFlight {
  readonly #budget: ByteBudget;
  #appends = 0;
  #bytes = 0;
  #changed = Promise.withResolvers<void>();

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** Throws `GrpcError` when all calls together have too much under way. */
  begin(bytes: number): void {
    this.#budget.take(bytes);
    this.#appends++;
    this.#bytes += bytes;
  }

  finish(bytes: number): void {
    this.#budget.take(-bytes);
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

/** `Streams.Append`: a header with stream and expected revision, the events one by one, one answer. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { limits } from '../../../../src/config/limits.ts';
import type { Timers } from '../../../../src/runtime/runtime.ts';
import { type Access, requireStream } from '../access/access.ts';
import type { AppendBudgets } from './append-budgets.ts';
import type { Expected } from '../storage/append-decision.ts';
import { BudgetShare } from '../grpc/byte-budget.ts';
import { appendReqEvent, checkEventMessage } from './event-message-guard.ts';
import type { AppendOutcome, EventStore } from '../storage/event-store.ts';
import { parseExpectedRevision } from './expected-revision.ts';
import type { GrpcCall } from '../grpc/grpc-call.ts';
import { frameOf } from '../grpc/grpc-frames.ts';
import type { GrpcHandler } from '../grpc/grpc-server.ts';
import { invalidArgument, streamDeleted } from '../grpc/grpc-status.ts';
import { orUnavailable } from '../grpc/or-unavailable.ts';
import { parseMessage } from '../grpc/parse-message.ts';
import { AppendEvents, appendTooLarge, appendTooSlow, parseWritableStream } from './proposal.ts';

export function appendService(
  store: EventStore,
  access: Access,
  timers: Timers,
  budgets: AppendBudgets,
): GrpcHandler {
  return async (call) => {
    const unfinished = new BudgetShare(budgets.unfinished);
    const underWay = new BudgetShare(budgets.underWay);
    const deadline = timers.after(limits.eventNode.unfinishedAppendMs, () => call.fail(appendTooSlow()));
    try {
      const { header, proposal } = await gather(call, access, unfinished);
      deadline.cancel();
      // A body cut off by the peer is not an append of what had arrived.
      if (call.signal.aborted) return;
      if (header === undefined) throw invalidArgument('an append begins with its header');
      unfinished.release();
      underWay.set(proposal.heldBytes);
      const { stream, expected } = header;
      const outcome = await orUnavailable(store.append(stream, expected, proposal.events));
      if (outcome.kind === 'stream-deleted') throw streamDeleted(stream);
      await call.write(frameOf(response(outcome, expected)));
    } finally {
      deadline.cancel();
      unfinished.release();
      underWay.release();
    }
  };
}

/** Takes the messages of an append in, and in `share` what they hold in memory. */
async function gather(
  call: GrpcCall,
  access: Access,
  share: BudgetShare,
): Promise<{ header: { stream: string; expected: Expected } | undefined; proposal: AppendEvents }> {
  let header: { stream: string; expected: Expected } | undefined;
  const proposal = new AppendEvents();
  for await (const bytes of call.messages(limits.eventNode.receiveBytesMax)) {
    checkEventMessage(bytes, appendReqEvent);
    const request = parseMessage(streams.AppendReq, bytes);
    const options = request.getOptions();
    const proposed = request.getProposedMessage();
    if (options !== undefined) {
      if (header !== undefined) throw invalidArgument('an append has one header');
      header = {
        stream: parseWritableStream(options.getStreamIdentifier()),
        expected: parseExpectedRevision(options),
      };
      requireStream(access, call.caller, header.stream, 'write');
    } else if (proposed !== undefined) {
      if (header === undefined) throw invalidArgument('an append begins with its header');
      proposal.add(proposed);
      if (proposal.tooLarge) throw appendTooLarge();
      share.set(proposal.heldBytes);
    } else {
      throw invalidArgument('an append message is a header or an event');
    }
  }
  return { header, proposal };
}

function response(
  outcome: Exclude<AppendOutcome, { kind: 'stream-deleted' }>,
  expected: Expected,
): streams.AppendResp {
  return outcome.kind === 'appended'
    ? new streams.AppendResp().setSuccess(success(outcome))
    : new streams.AppendResp().setWrongExpectedVersion(wrongVersion(outcome.currentRevision, expected));
}

function success(outcome: AppendOutcome & { kind: 'appended' }): streams.AppendResp.Success {
  const success = new streams.AppendResp.Success();
  if (outcome.revision < 0) success.setNoStream(new shared.Empty());
  else success.setCurrentRevision(String(outcome.revision));
  if (outcome.position === undefined) return success.setNoPosition(new shared.Empty());
  const position = new streams.AppendResp.Position();
  position.setCommitPosition(String(outcome.position));
  position.setPreparePosition(String(outcome.position));
  return success.setPosition(position);
}

function wrongVersion(current: number, expected: Expected): streams.AppendResp.WrongExpectedVersion {
  const wrong = new streams.AppendResp.WrongExpectedVersion();
  if (current < 0) wrong.setCurrentNoStream(new shared.Empty());
  else wrong.setCurrentRevision(String(current));
  switch (expected.kind) {
    case 'revision':
      return wrong.setExpectedRevision(String(expected.revision));
    case 'no-stream':
      return wrong.setExpectedNoStream(new shared.Empty());
    case 'any':
      return wrong.setExpectedAny(new shared.Empty());
    case 'stream-exists':
      return wrong.setExpectedStreamExists(new shared.Empty());
  }
}

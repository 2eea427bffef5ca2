/** `Streams.Read`: reads of a stream or of the whole log, and subscriptions to either. */
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { limits } from '../../../src/config/limits.ts';
import type { Runtime } from '../../../src/runtime/runtime.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { type EventSequence, logSequence, streamSequence } from './event-sequence.ts';
import type { EventStore } from './event-store.ts';
import type { GrpcCall } from './grpc-call.ts';
import type { GrpcHandler } from './grpc-server.ts';
import { GrpcError, grpcStatus, invalidArgument } from './grpc-status.ts';
import { parseMessage } from './parse-message.ts';
import { parseReadRequest, type ReadPlan } from './read-request.ts';
import { eventFrame, streamNotFoundFrame } from './read-responses.ts';
import { RecordCorrupt } from './stored-record.ts';
import { serveSubscription } from './subscription-service.ts';

export function readService(store: EventStore, runtime: Runtime): GrpcHandler {
  return async (call) => {
    const bytes = await call.message();
    if (bytes === undefined) throw invalidArgument('a read needs a request');
    const plan = parseReadRequest(parseMessage(streams.ReadReq, bytes));
    try {
      if (plan.count === undefined) await serveSubscription(call, store, runtime, plan);
      else await serveRead(call, store, runtime, plan, plan.count);
    } catch (error) {
      // Not skipped and not answered with something else: the reader stops here, and knows why.
      if (error instanceof RecordCorrupt) throw new GrpcError(grpcStatus.dataLoss, error.message);
      throw error;
    }
  };
}

async function serveRead(
  call: GrpcCall,
  store: EventStore,
  runtime: Runtime,
  plan: ReadPlan,
  count: number,
): Promise<void> {
  if (plan.stream !== undefined && store.streamRevision(plan.stream) < 0) {
    await call.write(streamNotFoundFrame(plan.stream));
    return;
  }
  const sequence = plan.stream === undefined ? logSequence(store) : streamSequence(store, plan.stream);
  // The end as of now: a read of a log that others append to ends all the same.
  const last = sequence.last();
  const step = plan.direction === 'forwards' ? 1 : -1;
  const output = new ChunkWriter(call);
  let found = 0;
  let scanned = 0;
  for (
    let index = firstIndex(plan, sequence, last);
    index >= sequence.first && index <= last;
    index += step
  ) {
    if (found >= count || call.signal.aborted) break;
    if (++scanned % limits.eventNode.scanSliceEvents === 0) await runtime.timers.sleep(0);
    const record = sequence.at(index);
    if (record === undefined || plan.filter?.matches(record) === false) continue;
    found++;
    const full = output.add(eventFrame(record, plan.uuidForm));
    if (full !== undefined) await full;
  }
  await output.flush();
}

/**
 * As EventStoreDB reads: a revision is inclusive both ways; a position lies before its event, so that reading
 * forwards from it begins with that event and reading backwards with the one before.
 */
function firstIndex(plan: ReadPlan, sequence: EventSequence, last: number): number {
  if (plan.direction === 'forwards') {
    if (plan.from === 'start') return sequence.first;
    return plan.from === 'end' ? last + 1 : Math.max(plan.from, sequence.first);
  }
  const inclusive = plan.stream !== undefined;
  if (plan.from === 'end') return last;
  const from = plan.from === 'start' ? sequence.first : plan.from;
  return Math.min(inclusive ? from : from - 1, last);
}

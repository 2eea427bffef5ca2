/** `Streams.Read`: reads of a stream or of the whole log, and subscriptions to either. */
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { limits } from '../../../../src/config/limits.ts';
import type { Runtime } from '../../../../src/runtime/runtime.ts';
import { ALL_STREAM, type Access, requireStream, requireStreamThroughout } from '../access/access.ts';
import { ChunkWriter } from '../grpc/chunk-writer.ts';
import { isShown } from './event-filter.ts';
import { SequenceScan, type SequenceWindow } from '../storage/event-sequence.ts';
import type { EventStore } from '../storage/event-store.ts';
import type { FilterTurns } from './filter-turns.ts';
import type { GrpcHandler } from '../grpc/grpc-server.ts';
import { GrpcError, grpcStatus, streamDeleted } from '../grpc/grpc-status.ts';
import type { NodeMetrics } from '../operations/node-metrics.ts';
import { parseMessage } from '../grpc/parse-message.ts';
import { parseReadRequest, type ReadPlan } from './read-request.ts';
import { type LinkResolver, linkResolver, type Reading, sequenceOf } from './read-target.ts';
import {
  eventFrame,
  firstStreamPositionFrame,
  lastStreamPositionFrame,
  streamNotFoundFrame,
} from './read-responses.ts';
import { RecordCorrupt } from '../storage/stored-record.ts';
import { serveSubscription } from './subscription-service.ts';

export interface ReadServiceDeps {
  readonly store: EventStore;
  readonly runtime: Runtime;
  readonly access: Access;
  readonly metrics: NodeMetrics;
  readonly turns: FilterTurns;
}

export function readService({ store, runtime, access, metrics, turns }: ReadServiceDeps): GrpcHandler {
  return async (call) => {
    const plan = parseReadRequest(parseMessage(streams.ReadReq, await call.requiredMessage()));
    const stream = plan.stream ?? ALL_STREAM;
    // A read that ends shows what was there when its caller was allowed to see it.
    if (plan.count === undefined) requireStreamThroughout(access, call, stream, 'read');
    else requireStream(access, call.caller, stream, 'read');
    const mayRead = (target: string): boolean => access.mayUse(call.caller, target, 'read');
    const resolveLink = linkResolver(store, plan, runtime.clock, mayRead);
    const resolve: LinkResolver = (record) => {
      metrics.readEvents++;
      return resolveLink(record);
    };
    const output = new ChunkWriter(call);
    const reading: Reading = { call, output, store, runtime, turns, plan, resolve };
    metrics.reads++;
    if (plan.count === undefined) metrics.subscriptionsOpen++;
    try {
      if (plan.count === undefined) await serveSubscription(reading);
      else await serveRead(reading, plan.count);
    } catch (error) {
      if (!(error instanceof RecordCorrupt)) throw error;
      // Not skipped and not answered with something else: the reader gets all that comes before, stops there,
      // and knows why.
      await output.flush();
      throw new GrpcError(grpcStatus.dataLoss, error.message);
    } finally {
      if (plan.count === undefined) metrics.subscriptionsOpen--;
    }
  };
}

async function serveRead(
  { call, output, store, runtime, turns, plan, resolve }: Reading,
  count: number,
): Promise<void> {
  const sequence = sequenceOf(store, plan, runtime.clock);
  // The window as of now: a read of a log that others append to ends all the same.
  const window = sequence.window();
  if (window.status === 'deleted') throw streamDeleted(plan.stream ?? '');
  if (window.status === 'missing') {
    await call.write(streamNotFoundFrame(plan.stream ?? ''));
    return;
  }
  const step = plan.direction === 'forwards' ? 1 : -1;
  const scan = new SequenceScan(sequence, firstIndex(plan, window), step);
  let found = 0;
  let scanned = 0;
  while (found < count && !call.signal.aborted) {
    if (++scanned % limits.eventNode.scanSliceEvents === 0) await runtime.timers.sleep(0);
    const record = scan.next(window);
    if (record === undefined) break;
    if (record === 'hidden') continue;
    const shown = isShown(record, plan.filter, turns);
    if (!(typeof shown === 'boolean' ? shown : await shown)) continue;
    found++;
    const full = output.add(eventFrame(resolve(record), plan.uuidForm));
    if (full !== undefined) await full;
  }
  if (plan.stream !== undefined && plan.tellsPositions) {
    const nothingFrom = plan.from === 'start' ? 0 : plan.from;
    if (found === 0 && count > 0 && step > 0 && nothingFrom !== window.last + 1) {
      await output.add(firstStreamPositionFrame(window.last + 1));
    }
    await output.add(lastStreamPositionFrame(window.last));
  }
  await output.flush();
}

/**
 * As EventStoreDB reads: a revision is inclusive both ways; a position lies before its event, so that reading
 * forwards from it begins with that event and reading backwards with the one before.
 */
function firstIndex(plan: ReadPlan, { first, last }: SequenceWindow): number {
  if (plan.direction === 'forwards') {
    if (plan.from === 'start') return first;
    return plan.from === 'end' ? last + 1 : plan.from;
  }
  const inclusive = plan.stream !== undefined;
  if (plan.from === 'end') return last;
  const from = plan.from === 'start' ? 0 : plan.from;
  return Math.min(inclusive ? from : from - 1, last);
}

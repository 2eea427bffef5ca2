/**
 * `Operations`: for those who run the node, and nobody else. What only a cluster has an answer to is answered
 * with success and does nothing: a single node leads whatever its priority, and LMDB's index needs no merging.
 */
import operations from '@eventstore/db-client/generated/operations_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { limits } from '../../../../src/config/limits.ts';
import { requireOperator } from '../access/access.ts';
import { frameOf } from '../grpc/grpc-frames.ts';
import type { GrpcHandler } from '../grpc/grpc-server.ts';
import { GrpcError, grpcStatus, headerText, invalidArgument } from '../grpc/grpc-status.ts';
import { parseMessage } from '../grpc/parse-message.ts';
import type { Scavenger } from './scavenger.ts';

export interface OperationsDeps {
  /** Begins to stop the node; does not wait for it. */
  readonly shutdown: () => void;
  /** Ends the calls of the consumers of persistent subscriptions, who come back. */
  readonly restartPersistentSubscriptions: () => Promise<void>;
  readonly scavenger: Scavenger;
}

/** Every call of the service that the node has something for, by path. */
export function operationsService(deps: OperationsDeps): readonly (readonly [string, GrpcHandler])[] {
  const service = '/event_store.client.operations.Operations';
  return [
    [`${service}/Shutdown`, shutdown(deps)],
    [`${service}/MergeIndexes`, forOperators(async () => {})],
    [`${service}/ResignNode`, forOperators(async () => {})],
    [`${service}/SetNodePriority`, forOperators(async () => {})],
    [`${service}/RestartPersistentSubscriptions`, forOperators(() => deps.restartPersistentSubscriptions())],
    ...scavenging(service, deps.scavenger),
  ];
}

/** An operation that takes nothing and answers nothing. */
function forOperators(operate: () => Promise<void>): GrpcHandler {
  return async (call) => {
    requireOperator(call.caller);
    await call.requiredMessage();
    await operate();
    await call.write(frameOf(new shared.Empty()));
  };
}

function shutdown({ shutdown }: OperationsDeps): GrpcHandler {
  return async (call) => {
    await forOperators(async () => {})(call);
    // The one call that is not cut off: it has its answer first.
    call.signal.addEventListener('abort', shutdown, { once: true });
  };
}

function scavenging(service: string, scavenger: Scavenger): readonly (readonly [string, GrpcHandler])[] {
  return [
    [
      `${service}/StartScavenge`,
      async (call) => {
        requireOperator(call.caller);
        // Threads and a first chunk may be asked for. This node has one writer and no chunks.
        parseMessage(operations.StartScavengeReq, await call.requiredMessage());
        const { id, result } = scavenger.start();
        await call.write(scavengeFrame(id, result));
      },
    ],
    [
      `${service}/StopScavenge`,
      async (call) => {
        requireOperator(call.caller);
        const id = parseScavengeId(await call.requiredMessage());
        if ((await scavenger.stop(id)) === 'not-found') throw scavengeNotFound(id);
        await call.write(scavengeFrame(id, 'stopped'));
      },
    ],
  ];
}

/** Throws `GrpcError` for what is none: an answer that says there is no such scavenge has the id in a trailer. */
export function parseScavengeId(bytes: Uint8Array): string {
  const id = parseMessage(operations.StopScavengeReq, bytes).getOptions()?.getScavengeId() ?? '';
  const { scavengeIdCharsMax } = limits.eventNode;
  if (id.length > scavengeIdCharsMax) {
    throw invalidArgument(`the id of a scavenge has at most ${scavengeIdCharsMax} characters`);
  }
  return id;
}

const { STARTED, INPROGRESS, STOPPED } = operations.ScavengeResp.ScavengeResult;
const results = { started: STARTED, 'in-progress': INPROGRESS, stopped: STOPPED } as const;

const scavengeFrame = (id: string, result: keyof typeof results): Buffer =>
  frameOf(new operations.ScavengeResp().setScavengeId(id).setScavengeResult(results[result]));

const scavengeNotFound = (id: string): GrpcError =>
  new GrpcError(grpcStatus.notFound, 'there is no scavenge of this id', {
    exception: 'scavenge-not-found',
    'scavenge-id': headerText(id),
  });

import { requireKnown, requireOperator } from '../access/access.ts';
import type { Caller } from '../access/caller.ts';
import type { GrpcHandler } from '../grpc/grpc-server.ts';
import type { ServiceDeps } from '../services.ts';
import { connectService } from './connect-service.ts';
import type { GroupRegistry } from './group-registry.ts';
import { infoServices } from './info-service.ts';
import {
  createService,
  deleteGroupService,
  replayParkedService,
  restartService,
  updateService,
} from './manage-service.ts';

/**
 * `PersistentSubscriptions`: groups of competing consumers. By path. Operators make and change groups; whoever has
 * logged in may look at them, and connect to those of streams that he may read.
 */
export function persistentSubscriptionsService(
  groups: GroupRegistry,
  { runtime, access }: Pick<ServiceDeps, 'runtime' | 'access'>,
): readonly (readonly [string, GrpcHandler])[] {
  const service = '/event_store.client.persistent_subscriptions.PersistentSubscriptions';
  const { getInfo, list } = infoServices(groups, runtime.clock);
  return [
    [`${service}/Create`, guarded(requireOperator, createService(groups))],
    [`${service}/Update`, guarded(requireOperator, updateService(groups))],
    [`${service}/Delete`, guarded(requireOperator, deleteGroupService(groups))],
    [`${service}/Read`, connectService(groups, runtime, access)],
    [`${service}/GetInfo`, guarded(requireKnown, getInfo)],
    [`${service}/ReplayParked`, guarded(requireOperator, replayParkedService(groups))],
    [`${service}/List`, guarded(requireKnown, list)],
    [`${service}/RestartSubsystem`, guarded(requireOperator, restartService(groups))],
  ];
}

function guarded(require: (caller: Caller) => void, handler: GrpcHandler): GrpcHandler {
  return async (call) => {
    require(call.caller);
    await handler(call);
  };
}

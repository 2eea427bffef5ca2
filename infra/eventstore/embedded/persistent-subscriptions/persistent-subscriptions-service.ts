import type { GrpcHandler } from '../grpc-server.ts';
import type { ServiceDeps } from '../services.ts';
import { connectService } from './connect-service.ts';
import { GroupRegistry } from './group-registry.ts';
import { infoServices } from './info-service.ts';
import {
  createService,
  deleteGroupService,
  replayParkedService,
  restartService,
  updateService,
} from './manage-service.ts';

/** `PersistentSubscriptions`: groups of competing consumers. By path. */
export function persistentSubscriptionsService({
  store,
  runtime,
}: ServiceDeps): readonly (readonly [string, GrpcHandler])[] {
  const service = '/event_store.client.persistent_subscriptions.PersistentSubscriptions';
  const groups = new GroupRegistry(store, runtime);
  const { getInfo, list } = infoServices(groups, runtime.clock);
  return [
    [`${service}/Create`, createService(groups)],
    [`${service}/Update`, updateService(groups)],
    [`${service}/Delete`, deleteGroupService(groups)],
    [`${service}/Read`, connectService(groups, runtime)],
    [`${service}/GetInfo`, getInfo],
    [`${service}/ReplayParked`, replayParkedService(groups)],
    [`${service}/List`, list],
    [`${service}/RestartSubsystem`, restartService(groups)],
  ];
}

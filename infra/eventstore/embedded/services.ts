import type { Runtime } from '../../../src/runtime/runtime.ts';
import type { Access } from './access/access.ts';
import type { PasswordHasher } from './access/password-hash.ts';
import type { UserDirectory } from './access/user-directory.ts';
import { usersService } from './access/users-service.ts';
import { appendBudgets } from './streams/append-budgets.ts';
import { appendService } from './streams/append-service.ts';
import { batchAppendService } from './streams/batch-append-service.ts';
import { deleteService, tombstoneService } from './streams/delete-service.ts';
import { FilterTurns } from './streams/filter-turns.ts';
import type { EventStore } from './storage/event-store.ts';
import { gossipService } from './operations/gossip-service.ts';
import type { GrpcHandler } from './grpc/grpc-server.ts';
import { GroupRegistry } from './persistent-subscriptions/group-registry.ts';
import { persistentSubscriptionsService } from './persistent-subscriptions/persistent-subscriptions-service.ts';
import { statsService } from './operations/monitoring-service.ts';
import { metricsOf, type NodeMetrics } from './operations/node-metrics.ts';
import { type OperationsDeps, operationsService } from './operations/operations-service.ts';
import { readService } from './streams/read-service.ts';
import { serverFeaturesService } from './operations/server-features-service.ts';

/** What the services work on. */
export interface ServiceDeps {
  readonly store: EventStore;
  readonly runtime: Runtime;
  readonly access: Access;
  readonly users: UserDirectory;
  readonly hasher: PasswordHasher;
  readonly metrics: NodeMetrics;
  readonly operations: Omit<OperationsDeps, 'restartPersistentSubscriptions'>;
}

/** Every call that the node serves, by path. */
export function services(deps: ServiceDeps): ReadonlyMap<string, GrpcHandler> {
  const turns = new FilterTurns(deps.runtime.clock, deps.runtime.timers);
  const groups = new GroupRegistry(deps.store, deps.runtime, turns);
  const restartPersistentSubscriptions = () => groups.restart();
  const handlers: Map<string, GrpcHandler> = new Map([
    ...streamsService(deps, turns),
    ...persistentSubscriptionsService(groups, deps),
    ...usersService(deps.users, deps.hasher),
    ...operationsService({ ...deps.operations, restartPersistentSubscriptions }),
    ['/event_store.client.gossip.Gossip/Read', gossipService(deps.runtime)],
    [
      '/event_store.client.monitoring.Monitoring/Stats',
      statsService(() => metricsOf(deps.metrics, deps.store.lastPosition), deps.runtime.timers, deps.access),
    ],
    [
      '/event_store.client.server_features.ServerFeatures/GetSupportedMethods',
      serverFeaturesService((): Iterable<string> => handlers.keys()),
    ],
  ]);
  return handlers;
}

function streamsService(
  { store, runtime, access, metrics }: ServiceDeps,
  turns: FilterTurns,
): readonly (readonly [string, GrpcHandler])[] {
  const budgets = appendBudgets();
  const service = '/event_store.client.streams.Streams';
  return [
    [`${service}/Read`, readService({ store, runtime, access, metrics, turns })],
    [`${service}/Append`, appendService(store, access, runtime.timers, budgets)],
    [`${service}/BatchAppend`, batchAppendService(store, runtime, access, budgets)],
    [`${service}/Delete`, deleteService(store, access)],
    [`${service}/Tombstone`, tombstoneService(store, access)],
  ];
}

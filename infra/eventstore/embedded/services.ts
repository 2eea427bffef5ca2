import type { Runtime } from '../../../src/runtime/runtime.ts';
import { appendBudgets } from './append-budgets.ts';
import { appendService } from './append-service.ts';
import { batchAppendService } from './batch-append-service.ts';
import { deleteService, tombstoneService } from './delete-service.ts';
import type { EventStore } from './event-store.ts';
import type { GrpcHandler } from './grpc-server.ts';
import { readService } from './read-service.ts';
import { serverFeaturesService } from './server-features-service.ts';

/** What the services work on. */
export interface ServiceDeps {
  readonly store: EventStore;
  readonly runtime: Runtime;
}

/** Every call that the node serves, by path. */
export function services(deps: ServiceDeps): ReadonlyMap<string, GrpcHandler> {
  const handlers: Map<string, GrpcHandler> = new Map([
    ...streamsService(deps),
    [
      '/event_store.client.server_features.ServerFeatures/GetSupportedMethods',
      serverFeaturesService((): Iterable<string> => handlers.keys()),
    ],
  ]);
  return handlers;
}

function streamsService({ store, runtime }: ServiceDeps): readonly (readonly [string, GrpcHandler])[] {
  const budgets = appendBudgets();
  const service = '/event_store.client.streams.Streams';
  return [
    [`${service}/Read`, readService(store, runtime)],
    [`${service}/Append`, appendService(store, runtime.timers, budgets)],
    [`${service}/BatchAppend`, batchAppendService(store, runtime, budgets)],
    [`${service}/Delete`, deleteService(store)],
    [`${service}/Tombstone`, tombstoneService(store)],
  ];
}

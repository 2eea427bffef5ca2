/** `ServerFeatures.GetSupportedMethods`: what a client may rely on. Lists what is served, and nothing else. */
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import { frameOf } from '../grpc/grpc-frames.ts';
import type { GrpcHandler } from '../grpc/grpc-server.ts';

/** The EventStoreDB version whose streams protocol this node speaks; clients parse it as a version. */
export const PROTOCOL_VERSION = '23.10.0';

/** What clients want to know of a service beyond its methods: here, what it works on. */
const featuresOf: Readonly<Record<string, readonly string[]>> = {
  'event_store.client.persistent_subscriptions.PersistentSubscriptions': ['stream', 'all'],
};

export function serverFeaturesService(paths: () => Iterable<string>): GrpcHandler {
  return async (call) => {
    const supported = new features.SupportedMethods();
    supported.setEventStoreServerVersion(PROTOCOL_VERSION);
    for (const path of paths()) {
      const [, service = '', method = ''] = path.split('/');
      const entry = new features.SupportedMethod();
      // EventStoreDB lists both in lower case, and its clients compare in lower case.
      entry.setServiceName(service.toLowerCase());
      entry.setMethodName(method.toLowerCase());
      entry.setFeaturesList([...(featuresOf[service] ?? [])]);
      supported.addMethods(entry);
    }
    await call.write(frameOf(supported));
  };
}

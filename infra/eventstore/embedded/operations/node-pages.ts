import type { EventStore } from '../storage/event-store.ts';
import type { Page, Pages } from '../grpc/http-pages.ts';
import { metricsPage } from './metrics-page.ts';
import { metricsOf, type NodeMetrics } from './node-metrics.ts';
import { PROTOCOL_VERSION } from './server-features-service.ts';

export interface NodePagesDeps {
  readonly store: EventStore;
  readonly metrics: NodeMetrics;
  /** False as soon as the node was asked to stop. */
  readonly isReady: () => boolean;
}

/** The pages that operators and their probes read. */
export function nodePages(deps: NodePagesDeps): Pages {
  return new Map([
    ['/health', () => health(deps)],
    ['/metrics', () => metricsPage(metricsOf(deps.metrics, deps.store.lastPosition))],
  ]);
}

/** Who answers is live; ready is who takes writes, too. A probe reads it from the status. */
function health({ store, isReady }: NodePagesDeps): Page {
  const ready = isReady();
  const body = { live: true, ready, position: store.lastPosition, protocolVersion: PROTOCOL_VERSION };
  return {
    status: ready ? 200 : 503,
    contentType: 'application/json',
    body: `${JSON.stringify(body)}\n`,
  };
}

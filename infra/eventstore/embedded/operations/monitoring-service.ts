/** `Monitoring.Stats`: the node's numbers, again and again, until the client has had enough. */
import monitoring from '@eventstore/db-client/generated/monitoring_pb.js';
import { limits } from '../../../../src/config/limits.ts';
import type { Timers } from '../../../../src/runtime/runtime.ts';
import { type Access, requireKnownThroughout } from '../access/access.ts';
import { frameOf } from '../grpc/grpc-frames.ts';
import type { GrpcHandler } from '../grpc/grpc-server.ts';
import type { Metric } from './node-metrics.ts';
import { parseMessage } from '../grpc/parse-message.ts';

export function statsService(metrics: () => readonly Metric[], timers: Timers, access: Access): GrpcHandler {
  return async (call) => {
    requireKnownThroughout(access, call);
    const everyMs = parseStatsEveryMs(await call.requiredMessage());
    while (!call.signal.aborted) {
      // Waits for a peer that does not read, so that only one answer lies in memory.
      await call.write(statsFrame(metrics()));
      await timers.sleep(everyMs, call.signal);
    }
  };
}

/** How often a client wants the numbers, within bounds. Throws `GrpcError` for what is no request. */
export function parseStatsEveryMs(bytes: Uint8Array): number {
  const wantedMs = Number(parseMessage(monitoring.StatsReq, bytes).getRefreshTimePeriodInMs());
  const { statsEveryMsMin, statsEveryMsMax } = limits.eventNode;
  return Math.min(Math.max(wantedMs, statsEveryMsMin), statsEveryMsMax);
}

/** Keys as EventStoreDB has them: a group, a hyphen, a name. */
function statsFrame(metrics: readonly Metric[]): Buffer {
  const stats = new monitoring.StatsResp();
  const map = stats.getStatsMap();
  for (const metric of metrics) {
    if (metric.type !== 'histogram') {
      map.set(`es-${metric.name}`, String(metric.value));
      continue;
    }
    const count = metric.value.counts.reduce((sum, each) => sum + each, 0);
    map.set(`es-${metric.name}-count`, String(count)).set(`es-${metric.name}-sum`, String(metric.value.sum));
  }
  return frameOf(stats);
}

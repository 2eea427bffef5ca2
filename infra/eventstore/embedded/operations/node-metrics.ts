import type { CommitReport } from '../storage/event-store.ts';
import { Histogram } from '../../../../src/runtime/metrics/histogram.ts';
import { processMetrics } from '../../../../src/runtime/metrics/process-metrics.ts';

/** What the node counts while it works. Plain fields: counting must cost nothing that a read would feel. */
export class NodeMetrics {
  /** Appends and deletions that were committed, with what they wrote. */
  writes = 0;
  writtenEvents = 0;
  writtenBytes = 0;
  commitsFailed = 0;
  readonly commitSeconds = new Histogram([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]);
  /** Reads and subscriptions begun, and what was sent to them. */
  reads = 0;
  readEvents = 0;
  /** As of now. */
  subscriptionsOpen = 0;
  callsOpen = 0;
  connectionsOpen = 0;

  committed({ writes, events, bytes, durationMs }: CommitReport): void {
    this.writes += writes;
    this.writtenEvents += events;
    this.writtenBytes += bytes;
    this.commitSeconds.observe(durationMs / 1_000);
  }
}

export type Metric = {
  readonly name: string;
  readonly help: string;
} & (
  | { readonly type: 'counter' | 'gauge'; readonly value: number }
  | { readonly type: 'histogram'; readonly value: Histogram }
);

/** The metrics by name, as of now. `position` is the newest durable event's. */
export function metricsOf(metrics: NodeMetrics, position: number): readonly Metric[] {
  const counter = (name: string, help: string, value: number): Metric => ({
    type: 'counter',
    name,
    help,
    value,
  });
  const gauge = (name: string, help: string, value: number): Metric => ({ type: 'gauge', name, help, value });
  return [
    counter('writes_total', 'Appends and deletions that were committed.', metrics.writes),
    counter('written_events_total', 'Events that were committed.', metrics.writtenEvents),
    counter('written_bytes_total', 'Bytes of data and metadata that were committed.', metrics.writtenBytes),
    {
      type: 'histogram',
      name: 'commit_seconds',
      help: 'How long commits took, the sync to disk included.',
      value: metrics.commitSeconds,
    },
    counter('commits_failed_total', 'Commits that the disk refused.', metrics.commitsFailed),
    counter('reads_total', 'Reads and subscriptions that were begun.', metrics.reads),
    counter('read_events_total', 'Events that were sent to readers and subscribers.', metrics.readEvents),
    gauge('subscriptions_open', 'Subscriptions that are open.', metrics.subscriptionsOpen),
    gauge('calls_open', 'Calls that are open, subscriptions included.', metrics.callsOpen),
    gauge('connections_open', 'HTTP/2 connections that are open.', metrics.connectionsOpen),
    gauge('position', "The newest durable event's position in the log.", position),
    ...processMetrics(),
  ];
}

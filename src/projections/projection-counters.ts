import { limits } from '../config/limits.ts';
import { Histogram } from '../runtime/metrics/histogram.ts';

/** What a process has counted of one projection since it began. Plain fields: counting must cost nothing. */
export class ProjectionCounters {
  /** Transactions that were committed with rows, and the events in them. */
  transactions = 0;
  events = 0;
  /** Transactions that failed and were tried again. */
  retries = 0;
  /** Partitions that an event stopped. */
  stops = 0;
  readonly batchEvents = new Histogram([1, 2, 5, 10, 20, 50, 100, 200, limits.projections.batchEventsMax]);

  /** A batch's rows are committed. */
  committed(events: number): void {
    this.transactions += 1;
    this.events += events;
    this.batchEvents.observe(events);
  }
}

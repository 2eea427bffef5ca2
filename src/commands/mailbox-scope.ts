import type { Logger } from 'pino';
import type { Runtime } from '../runtime/runtime.ts';
import type { AggregateLoader } from './aggregate-loader.ts';
import type { CommandHistory } from './command-history.ts';
import type { EventLog } from './event-log.ts';

interface MailboxBounds {
  readonly mailboxQueueMax: number;
  readonly pendingCommandsMax: number;
  readonly batchCommandsMax: number;
  readonly batchEventsMax: number;
  readonly batchBytesMax: number;
  readonly eventOverheadBytes: number;
  readonly conflictRetriesMax: number;
  readonly conflictDelayMsMax: number;
  readonly commandDeadlineMs: number;
  readonly readBackDelayMsMin: number;
  readonly readBackDelayMsMax: number;
  readonly busyRetryAfterMs: number;
  readonly lookUpsAtOnceMax: number;
  readonly retrySearchEventsMax: number;
}

/** What all mailboxes of a process share. */
export interface MailboxScope {
  readonly eventLog: EventLog;
  readonly loader: AggregateLoader;
  readonly history: CommandHistory;
  /** The name of the log's history. */
  readonly epoch: string;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly bounds: MailboxBounds;
  /** Commands that wait or run, over all mailboxes. */
  readonly load: { pendingCommands: number };
  /** Orders arrivals and proofs that the clock cannot tell apart. */
  readonly ticks: { now: number };
}

/** The next tick: later than everything that has happened in this process. */
export function nextTick({ ticks }: Pick<MailboxScope, 'ticks'>): number {
  ticks.now += 1;
  return ticks.now;
}

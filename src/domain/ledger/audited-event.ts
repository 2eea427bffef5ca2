import type { DomainEvent } from '../events.ts';

/** What the audit needs to know of a recorded event. Events come in log order; those of no interest may too. */
export interface AuditedEvent {
  /** The event's place in the log. */
  readonly position: bigint;
  readonly stream: string;
  /** Its index in its stream, from 0. */
  readonly revision: number;
  /** Its recorded time, ms. */
  readonly timeMs: number;
  /** In its newest shape. */
  readonly event: DomainEvent;
}

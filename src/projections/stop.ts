import type { ProjectionFailure } from './projection-failure.ts';
import type { ProjectionStatus } from './runner.ts';

/** A partition that stands still, with everything that is known of why: for health checks and metrics. */
export interface Stop {
  readonly projection: string;
  readonly partition: number;
  readonly reason: ProjectionFailure['reason'];
  /** Where the event is at which it stands, when it is an event's fault. */
  readonly stream?: string;
  readonly revision?: number;
  /** A decimal number. */
  readonly position?: string;
  readonly type?: string;
  readonly error: string;
}

/** The stop of a partition that stands still; nothing of one that goes on. */
export function stopsOf({
  projection,
  partition,
  failure,
}: Pick<ProjectionStatus, 'projection' | 'partition' | 'failure'>): readonly Stop[] {
  if (failure === undefined) return [];
  const { reason, event, error, message } = failure;
  // In one order, wherever it comes from: the database sorts the fields of what it keeps.
  const at = event && {
    stream: event.stream,
    revision: event.revision,
    type: event.type,
    position: event.position,
  };
  return [{ projection, partition, reason, ...at, error: error ?? message }];
}

import { OperatorError } from '../../config/operator-error.ts';
import type { ProjectionFailure } from '../projection-failure.ts';

/** The rebuild was given up; the live generations that were not swapped yet are as they were. */
export class RebuildAborted extends Error {
  override readonly name = 'RebuildAborted';
}

/** The log leaves out other events now than when the rebuild began: its rows are not what they should be. */
export class OtherSkips extends OperatorError {
  override readonly name = 'OtherSkips';
}

/** A projection cannot take an event. Its fields survive a thread's end, its class does not. */
export class EventCannotBeRebuilt extends OperatorError {
  override readonly name = 'EventCannotBeRebuilt';
  readonly projection: string;
  readonly failure: ProjectionFailure;

  constructor(projection: string, failure: ProjectionFailure, options?: ErrorOptions) {
    const place = `--position ${failure.event?.position ?? 'P'}`;
    super(
      `${failure.message}
Reads show the rows of ${projection} as they were. After a correction run: hongbao projections rebuild ${projection}
To leave the event out, run this first: hongbao projections skip ${projection} ${place} --reason WHY`,
      options,
    );
    this.projection = projection;
    this.failure = failure;
  }
}

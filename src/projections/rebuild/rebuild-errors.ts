import { OperatorError } from '../../config/operator-error.ts';

/** The rebuild was given up; the live generations that were not swapped yet are as they were. */
export class RebuildAborted extends Error {
  override readonly name = 'RebuildAborted';
}

/** The log leaves out other events now than when the rebuild began: its rows are not what they should be. */
export class OtherSkips extends OperatorError {
  override readonly name = 'OtherSkips';
}

import { EventLogError } from '../commands/event-log.ts';
import { OperatorError } from '../config/operator-error.ts';

/** The exit codes of every command; docs/cli.md lists them. */
export const exitCodes = {
  ok: 0,
  /** The command worked and found what it looks for: a violation, a failed check, a difference. */
  found: 1,
  /** Wrong words or settings on the command line. */
  usage: 2,
  /** Something that the command needs is not there or does not answer. */
  unavailable: 3,
} as const;

/** Ends the command with a sentence for people instead of a stack. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.usage) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The exit code of a failure that is told as a sentence; `undefined` for a fault, which keeps its stack. */
export function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof CliError) return error.exitCode;
  const isOutside =
    error instanceof OperatorError || error instanceof EventLogError || isConnectionFailure(error);
  return isOutside ? exitCodes.unavailable : undefined;
}

/** PostgreSQL cannot be reached, does not let us in, or is just starting or stopping. */
function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  const codes = [
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
    'ETIMEDOUT',
    '28P01',
    '28000',
    '3D000',
    '57P01',
    '57P03',
  ];
  return codes.some((code) => code === error.code);
}

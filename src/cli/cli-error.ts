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
    error instanceof OperatorError ||
    error instanceof EventLogError ||
    isConnectionFailure(error) ||
    isFileRefusal(error);
  return isOutside ? exitCodes.unavailable : undefined;
}

/** PostgreSQL cannot be reached, does not answer, does not let us in, or is just starting or stopping. */
function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // The driver's own words, which have no code.
  if (/^Connection terminated|^timeout exceeded when trying to connect/.test(error.message)) return true;
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
  return 'code' in error && codes.some((code) => code === error.code);
}

/** The operating system does not let us have a file: it belongs to somebody else, or the disk is full. */
function isFileRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return false;
  const codes = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR'];
  return codes.some((code) => code === error.code);
}

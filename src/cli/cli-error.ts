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

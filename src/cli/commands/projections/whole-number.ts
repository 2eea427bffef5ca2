import { CliError } from '../../cli-error.ts';

/** Digits as what they mean. Throws `CliError`, with the option's name. */
export function wholeNumber(option: string, text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new CliError(`${option} takes a whole number (it is "${text}").`);
}

/** A partition's number; `undefined` where none was given. Throws `CliError`. */
export function partitionNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(wholeNumber('--partition', text));
}

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

/** How many of something: from 1 to `max`. `undefined` where nothing was given. Throws `CliError`. */
export function countUpTo(option: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const count = wholeNumber(option, text);
  if (count >= 1n && count <= BigInt(max)) return Number(count);
  throw new CliError(`${option} takes a whole number from 1 to ${max} (it is "${text}").`);
}

import { parseArgs } from 'node:util';

/** One option of a bench: a whole number. */
export interface NumberOption {
  readonly default: number;
  readonly min: number;
  readonly means: string;
}
export type NumberOptions = Readonly<Record<string, NumberOption>>;

/** The values of the options, by name. */
export type OptionValues<Options extends NumberOptions> = { readonly [Name in keyof Options]: number };

/** What is wrong with the command line, in a sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Reads `--name value` options and `--json FILE`.
 *
 * @throws UsageError on an unknown option, or a value that is not a whole number of at least the minimum.
 */
export function readOptions<Options extends NumberOptions>(
  options: Options,
  args: readonly string[],
): { values: OptionValues<Options>; json: string | undefined } {
  const given = parse(options, args);
  const values = Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, wholeNumber(name, option, given[name])]),
  );
  return { values: values as OptionValues<Options>, json: given.json };
}

/** One line per option, for the usage. */
export function optionLines(options: NumberOptions): string[] {
  const width = Math.max(...Object.keys(options).map((name) => name.length));
  return Object.entries(options).map(
    ([name, option]) => `--${name.padEnd(width)}  ${option.means} (default ${option.default})`,
  );
}

function parse(options: NumberOptions, args: readonly string[]): Record<string, string | undefined> {
  const config = Object.fromEntries(
    [...Object.keys(options), 'json'].map((name) => [name, { type: 'string' as const }]),
  );
  try {
    return parseArgs({ args: [...args], options: config, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(name: string, option: NumberOption, text: string | undefined): number {
  if (text === undefined) return option.default;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < option.min) {
    throw new UsageError(`--${name} takes a whole number of at least ${option.min}, not "${text}".`);
  }
  return value;
}

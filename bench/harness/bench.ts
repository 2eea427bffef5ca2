import { machine } from './machine.ts';
import { type NumberOptions, type OptionValues, readOptions } from './options.ts';
import type { Findings, Report } from './report.ts';

/** One figure that we claim, and how it is measured. */
export interface BenchDefinition<Options extends NumberOptions> {
  readonly name: string;
  /** One line, for the list of benches. */
  readonly measures: string;
  readonly options: Options;
  /** Measures. `note` tells whoever waits how far it is. */
  run(values: OptionValues<Options>, note: (line: string) => void): Promise<Findings>;
}

/** A bench whose options are its own affair. */
export interface Bench {
  readonly name: string;
  readonly measures: string;
  readonly options: NumberOptions;
  /** Reads the options and answers what is to be done. Throws `UsageError`. */
  prepare(args: readonly string[]): PreparedBench;
}

export interface PreparedBench {
  /** The file that `--json` names. */
  readonly json: string | undefined;
  run(note: (line: string) => void): Promise<Report>;
}

export function defineBench<Options extends NumberOptions>(definition: BenchDefinition<Options>): Bench {
  const { name, measures, options } = definition;
  return {
    name,
    measures,
    options,
    prepare(args) {
      const { values, json } = readOptions(options, args);
      return {
        json,
        async run(note) {
          const measuredOn = machine();
          const { config, figures, peers, targets } = await definition.run(values, note);
          return { bench: name, machine: measuredOn, config, figures, peers, targets };
        },
      };
    },
  };
}

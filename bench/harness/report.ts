import type { Machine } from './machine.ts';

/** Numbers with their unit in the name; lists are one value per run. */
export type Figures = Readonly<Record<string, number | string | readonly number[]>>;

/** A figure that is held against a bound. */
export interface Target {
  readonly name: string;
  /** Such as `<= 4096`. */
  readonly target: string;
  readonly value: number;
  readonly met: boolean;
}

/** What a bench has found: `--json` writes exactly this, with the bench's name and the machine. */
export interface Findings {
  readonly config: Readonly<Record<string, number | string | boolean>>;
  /** Our own figures. */
  readonly figures: Figures;
  /** The peers' figures under the same names, measured in the same run, and our ratios to them. */
  readonly peers: Readonly<Record<string, Figures>>;
  readonly targets: readonly Target[];
}

export interface Report extends Findings {
  readonly bench: string;
  readonly machine: Machine;
}

/** A target that is met by values of at most `bound`. */
export function atMost(name: string, value: number, bound: number): Target {
  return { name, target: `<= ${bound}`, value, met: value <= bound };
}

/** A target that is met by values of at least `bound`. */
export function atLeast(name: string, value: number, bound: number): Target {
  return { name, target: `>= ${Math.round(bound)}`, value, met: value >= bound };
}

/** A target that is met by this value only. */
export function exactly(name: string, value: number, wanted: number): Target {
  return { name, target: `= ${wanted}`, value, met: value === wanted };
}

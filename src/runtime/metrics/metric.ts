import type { Histogram } from './histogram.ts';

/** A value with what tells it from the metric's others. */
export interface Sample<Value> {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: Value;
}

/** Something that is counted or measured: one value, or one for each of several things. */
export type Metric = { readonly name: string; readonly help: string } & (
  | { readonly type: 'counter' | 'gauge'; readonly value: number }
  | { readonly type: 'counter' | 'gauge'; readonly samples: readonly Sample<number>[] }
  | { readonly type: 'histogram'; readonly value: Histogram }
  | { readonly type: 'histogram'; readonly samples: readonly Sample<Histogram>[] }
);

import type { Figures } from './report.ts';
import { median } from './statistics.ts';

/** One number of a run's figures. Throws when there is none of that name. */
export function figure(figures: Figures, name: string): number {
  const value = figures[name];
  if (typeof value !== 'number') throw new Error(`there is no figure ${name}`);
  return value;
}

/** The median over the runs, figure by figure. Every run has the same figures. */
export function medians(runs: readonly Figures[]): Record<string, number> {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(runs.map((run) => figure(run, name)))]));
}

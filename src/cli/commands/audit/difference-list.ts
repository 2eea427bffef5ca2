import type { OnDifference, RowDifference } from '../../../projections/rebuild/compare.ts';

/** How many rows of a table only one side has. */
export interface TableDifferences {
  readonly projection: string;
  readonly table: string;
  readonly onlyInLive: number;
  readonly onlyInReplay: number;
}

export interface DifferenceList {
  readonly add: OnDifference;
  /** The first of each table, in the order in which they were found. */
  readonly differences: readonly RowDifference[];
  /** The tables that differ, with all their rows counted. */
  readonly differing: () => readonly TableDifferences[];
}

/** Counts every row that differs, and keeps so many of each table. */
export function createDifferenceList(listedPerTableMax: number): DifferenceList {
  const differences: RowDifference[] = [];
  const tables = new Map<string, TableDifferences>();
  return {
    add(difference) {
      const { projection, table, onlyIn } = difference;
      const key = `${projection}.${table}`;
      const known = tables.get(key) ?? { projection, table, onlyInLive: 0, onlyInReplay: 0 };
      if (countOf(known) < listedPerTableMax) differences.push(difference);
      tables.set(key, {
        ...known,
        onlyInLive: known.onlyInLive + (onlyIn === 'live' ? 1 : 0),
        onlyInReplay: known.onlyInReplay + (onlyIn === 'replay' ? 1 : 0),
      });
    },
    differences,
    differing: () => [...tables.values()],
  };
}

/** All rows of it, of either side. */
export function countOf({ onlyInLive, onlyInReplay }: TableDifferences): number {
  return onlyInLive + onlyInReplay;
}

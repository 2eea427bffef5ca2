import { limits } from '../../config/limits.ts';

/** One page of a list, and where the next one begins; `next` is absent on the last page. */
export interface Page<Row, Cursor> {
  readonly rows: readonly Row[];
  readonly next?: Cursor;
}

/** How many rows a page may have: what was asked for, within 1 and `limits.projections.pageRowsMax`. */
export function pageSize(asked: number | undefined): number {
  const { pageRowsDefault, pageRowsMax } = limits.projections;
  if (asked === undefined || !Number.isFinite(asked)) return pageRowsDefault;
  return Math.max(1, Math.min(Math.trunc(asked), pageRowsMax));
}

/**
 * Makes a page of `size` rows out of `size + 1`: the extra one, which is not shown, tells that there is more.
 * `cursorOf` the last row shown is where the next page begins.
 */
export function pageOf<Row, Cursor>(
  rows: readonly Row[],
  size: number,
  cursorOf: (last: Row) => Cursor,
): Page<Row, Cursor> {
  const shown = rows.slice(0, size);
  const last = shown.at(-1);
  return rows.length > size && last !== undefined ? { rows: shown, next: cursorOf(last) } : { rows: shown };
}

/** Before the first UUID there is: where a list by id begins. */
export const firstId = '00000000-0000-0000-0000-000000000000';

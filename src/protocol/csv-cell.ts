/** What a cell may hold. Text may come from anybody; numbers are ours. */
export type CsvValue = string | number | bigint | null | undefined;

/**
 * A cell of CSV (RFC 4180): quoted where it has to be, empty for nothing. Text that a spreadsheet would take for a
 * formula gets an apostrophe in front; numbers stay what they are.
 */
export function csvCell(value: CsvValue): string {
  if (typeof value !== 'string') return value === undefined || value === null ? '' : String(value);
  const harmless = /^[=+\-@＝＋－＠\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

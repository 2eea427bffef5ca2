/** Events as CSV (RFC 4180): for spreadsheets, which take some cells for formulas. */
import type { RecordedEvent } from '../../commands/event-log.ts';
import { type CsvValue, csvCell } from '../../protocol/csv-cell.ts';
import { jsonData, timeText } from '../event-lines.ts';
import { fieldOf } from './field-of.ts';

/** Every column with what stands in it. New ones go to the end: programs find these by their place. */
const columns: readonly (readonly [name: string, cell: (event: RecordedEvent) => CsvValue])[] = [
  ['position', (event) => event.position],
  ['time', ({ metadata: { timeMs } }) => (timeMs === undefined ? undefined : timeText(timeMs))],
  ['stream', (event) => event.stream],
  ['revision', (event) => event.revision],
  ['type', (event) => event.type],
  ['actor', ({ metadata }) => metadata.actor],
  ['userId', ({ data }) => plain(fieldOf(data, 'userId'))],
  ['packetId', ({ data }) => plain(fieldOf(data, 'packetId') ?? fieldOf(fieldOf(data, 'terms'), 'packetId'))],
  ['amountFen', ({ data }) => plain(fieldOf(data, 'amountFen'))],
  ['correlationId', ({ metadata }) => metadata.$correlationId],
  ['causationId', ({ metadata }) => metadata.$causationId],
  ['commandId', ({ metadata }) => metadata.commandId],
  ['eventId', (event) => event.id],
  ['schemaVersion', ({ metadata }) => metadata.schemaVersion],
  ['data', ({ data }) => JSON.stringify(jsonData(data))],
];

/** The first line, without its end. */
export const csvHeader = columns.map(([name]) => name).join(',');

/** One event as a line, without its end. Cells that the event says nothing for are empty. */
export function eventAsCsv(event: RecordedEvent): string {
  return columns.map(([, cell]) => csvCell(cell(event))).join(',');
}

function plain(value: unknown): CsvValue {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { limits } from '../../../../src/config/limits.ts';
import { compileFilterRegex } from './filter-regex.ts';
import type { FilterTurns } from './filter-turns.ts';
import { invalidArgument } from '../grpc/grpc-status.ts';
import type { StoredRecord } from '../storage/stored-record.ts';

/** Which events a read of the log lets through. */
export interface EventFilter {
  matches(record: StoredRecord): boolean;
  /** A subscription reports where it is after looking at this many events. */
  readonly checkpointIntervalEvents: number;
}

/** Whether a read lets an event through; a promise when the filter has to wait for its turn. */
export function isShown(
  record: StoredRecord,
  filter: EventFilter | undefined,
  turns: FilterTurns,
): boolean | Promise<boolean> {
  return filter === undefined || turns.run(() => filter.matches(record));
}

/** Builds a filter from a request. Throws `GrpcError` for one that makes no sense. */
export function parseFilter(options: streams.ReadReq.Options.FilterOptions): EventFilter {
  const window = options.hasMax() ? options.getMax() : limits.eventNode.filterWindowDefault;
  const multiplier = options.getCheckpointintervalmultiplier();
  if (window < 1) throw invalidArgument('a filter window is at least 1');
  if (multiplier < 1) throw invalidArgument('a checkpoint interval multiplier is at least 1');
  const checkpointIntervalEvents = window * multiplier;
  const byStream = options.getStreamIdentifier();
  if (byStream !== undefined) {
    const matches = parseExpression(byStream);
    return { matches: (record) => matches(record.stream()), checkpointIntervalEvents };
  }
  const byType = options.getEventType();
  if (byType === undefined) throw invalidArgument('a filter is on stream names or on event types');
  const matches = parseExpression(byType);
  return { matches: (record) => matches(record.type()), checkpointIntervalEvents };
}

function parseExpression(
  expression: streams.ReadReq.Options.FilterOptions.Expression,
): (text: string) => boolean {
  const prefixes = expression.getPrefixList();
  if (prefixes.length > limits.eventNode.filterPrefixesMax) {
    throw invalidArgument(`a filter has at most ${limits.eventNode.filterPrefixesMax} prefixes`);
  }
  if (prefixes.length > 0) return (text) => prefixes.some((prefix) => text.startsWith(prefix));
  return compileFilterRegex(expression.getRegex());
}

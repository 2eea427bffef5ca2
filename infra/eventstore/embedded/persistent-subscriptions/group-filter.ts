import streams from '@eventstore/db-client/generated/streams_pb.js';
import { type EventFilter, parseFilter } from '../streams/event-filter.ts';

/** Which events of the log a group wants, as it is stored. */
export interface FilterSpec {
  readonly on: 'stream-name' | 'event-type';
  /** Either any of these, or, when there are none, the regular expression. */
  readonly prefixes: readonly string[];
  readonly regex: string;
}

/** Throws `GrpcError` for one that makes no sense. */
export function filterOf({ on, prefixes, regex }: FilterSpec): EventFilter {
  const expression = new streams.ReadReq.Options.FilterOptions.Expression();
  expression.setPrefixList([...prefixes]);
  expression.setRegex(regex);
  const options = new streams.ReadReq.Options.FilterOptions();
  options.setCheckpointintervalmultiplier(1);
  if (on === 'stream-name') options.setStreamIdentifier(expression);
  else options.setEventType(expression);
  return parseFilter(options);
}

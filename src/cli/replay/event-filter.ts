import type { RecordedEvent } from '../../commands/event-log.ts';
import { CliError } from '../cli-error.ts';
import { concernsUser, packetConcern, packetPrefixes } from './concerns.ts';

/** Which events are wanted: those that meet all of it. */
export interface EventFilter {
  readonly stream?: string;
  /** What stands before the first hyphen of a stream's name: any of these. */
  readonly categories?: readonly string[];
  /** Any of these. */
  readonly types?: readonly string[];
  readonly userId?: string;
  readonly packetId?: string;
  readonly correlationId?: string;
}

/** Whether an event is wanted. To be asked about every event that is read, in order: see `packetConcern`. */
export function matcherOf(filter: EventFilter): (event: RecordedEvent) => boolean {
  const { stream, categories, types, userId, packetId, correlationId } = filter;
  const tests: ((event: RecordedEvent) => boolean)[] = [];
  if (packetId !== undefined) tests.push(packetConcern(packetId));
  if (stream !== undefined) tests.push((event) => event.stream === stream);
  if (categories !== undefined) {
    const wanted = new Set(categories);
    tests.push((event) => wanted.has(categoryOf(event.stream)));
  }
  if (types !== undefined) {
    const wanted = new Set(types);
    tests.push((event) => wanted.has(event.type));
  }
  if (correlationId !== undefined) tests.push(({ metadata }) => metadata.$correlationId === correlationId);
  if (userId !== undefined) tests.push((event) => concernsUser(event, userId));
  return (event) => tests.every((test) => test(event));
}

/**
 * The prefixes of the streams that can hold wanted events, for the store to leave the others out; `undefined`:
 * any stream. Types are no help: an event in a stream that it does not belong to is what an auditor looks for.
 *
 * Throws `CliError` when no stream can.
 */
export function streamPrefixes({ stream, categories, packetId }: EventFilter): readonly string[] | undefined {
  const ofPacket = packetId === undefined ? undefined : packetPrefixes(packetId);
  if (stream !== undefined) {
    if (ofPacket?.some((prefix) => stream.startsWith(prefix)) === false) throw neverMatches(stream);
    return [stream];
  }
  if (ofPacket === undefined) return categories?.map((category) => `${category}-`);
  if (categories === undefined) return ofPacket;
  const shared = ofPacket.filter((prefix) => categories.includes(categoryOf(prefix)));
  if (shared.length === 0) throw neverMatches(categories.join(', '));
  return shared;
}

/** What stands before the first hyphen of a stream's name. */
export function categoryOf(stream: string): string {
  const hyphen = stream.indexOf('-');
  return hyphen < 0 ? stream : stream.slice(0, hyphen);
}

function neverMatches(where: string): CliError {
  return new CliError(
    `Nothing in ${where} concerns a packet: that is in streams of packets, wallets and conversations.`,
  );
}

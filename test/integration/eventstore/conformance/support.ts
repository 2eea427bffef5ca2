import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll } from 'vitest';
import { aNode } from '../support.ts';

/** A node for a test file, and the published client on it. Answers the client once the tests run. */
export function conformanceClient(): () => EventStoreDBClient {
  let client: EventStoreDBClient | undefined;
  let closeNode: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const started = await aNode();
    closeNode = started.close;
    client = EventStoreDBClient.connectionString(started.node.url);
  });
  // The client's own dispose would wait for ever for streams that a test left before their end.
  afterAll(() => closeNode?.());
  return () => client!;
}

let streams = 0;

/** A name that no other test uses. */
export const aStream = (category = 'stream'): string => `${category}-${++streams}`;

export const someEvents = (count: number, type = 'Happened') =>
  Array.from({ length: count }, (_, index) =>
    jsonEvent({ type, data: { index }, metadata: { from: 'test' } }),
  );

/** What an iteration yields, up to `count` items. */
export async function take<T>(items: AsyncIterable<T>, count = Number.POSITIVE_INFINITY): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) {
    taken.push(item);
    if (taken.length >= count) break;
  }
  return taken;
}

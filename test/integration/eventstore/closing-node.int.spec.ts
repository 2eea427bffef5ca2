/** What a node that stops does with those who go on writing. */
import { EventStoreDBClient, jsonEvent, UnavailableError } from '@eventstore/db-client';
import { expect, test } from 'vitest';
import { aNode, temporaryFolder } from './support.ts';

test('it does not wait for their load: it answers what it took, and refuses the rest as unavailable', async () => {
  const folder = temporaryFolder();
  const first = await aNode({ dataDir: folder.path });
  const client = EventStoreDBClient.connectionString(first.node.url);
  const acknowledged: string[] = [];
  const busy = Promise.withResolvers<void>();
  // Each writer sends the next event as soon as one is answered: the node's queue is never empty.
  const writer = async (index: number): Promise<unknown> => {
    for (;;) {
      const event = jsonEvent({ type: 'Happened', data: { index } });
      try {
        await client.appendToStream(`writer-${index}`, event);
      } catch (error) {
        return error;
      }
      acknowledged.push(event.id);
      if (acknowledged.length === 600) busy.resolve();
    }
  };
  const writers = Array.from({ length: 256 }, (_, index) => writer(index));
  await busy.promise;
  await first.node.close();
  for (const error of await Promise.all(writers)) expect(error).toBeInstanceOf(UnavailableError);

  const second = await aNode({ dataDir: folder.path });
  const stored = new Set<string>();
  for await (const { event } of EventStoreDBClient.connectionString(second.node.url).readAll()) {
    if (event !== undefined) stored.add(event.id);
  }
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  await second.close();
  folder.remove();
});

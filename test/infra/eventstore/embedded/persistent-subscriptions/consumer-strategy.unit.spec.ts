import { describe, expect, test } from 'vitest';
import { aGroup } from './a-group.ts';

describe('RoundRobin', () => {
  test('gives each client one event in turn, and passes over those that are full', () => {
    const { core, delivered } = aGroup({ count: 6, settings: { strategy: 'RoundRobin' } });
    core.addClient('a', 3);
    core.addClient('b', 1);
    core.addClient('c', 3);
    expect(delivered()).toEqual(['a:e0', 'b:e1', 'c:e2', 'a:e3', 'c:e4', 'a:e5']);
  });
});

describe('DispatchToSingle', () => {
  test('gives one client everything until it is full, and then the next one', () => {
    const { core, delivered } = aGroup({ count: 5, settings: { strategy: 'DispatchToSingle' } });
    core.addClient('a', 2);
    core.addClient('b', 5);
    expect(delivered()).toEqual(['a:e0', 'a:e1', 'b:e2', 'b:e3', 'b:e4']);
  });
});

describe.each(['Pinned', 'PinnedByCorrelation'] as const)('%s', (strategy) => {
  const clientsOf = (deliveries: string[]) => new Set(deliveries.map((delivery) => delivery.split(':')[0]));
  const bucketOf = (index: number) => index % 4;

  test('gives all events of a bucket to one client, and shares the buckets out', () => {
    const { core, offer, delivered } = aGroup({ settings: { strategy } });
    core.addClient('a', 100);
    core.addClient('b', 100);
    offer(16, bucketOf);
    const deliveries = delivered();
    for (const bucket of [0, 1, 2, 3]) {
      const ofBucket = deliveries.filter((delivery) => Number(delivery.split(':e')[1]) % 4 === bucket);
      expect(clientsOf(ofBucket).size).toBe(1);
    }
    expect(deliveries.filter((delivery) => delivery.startsWith('a'))).toHaveLength(8);
  });

  test('lets events wait for their client, and passes others by', () => {
    const { core, offer, delivered } = aGroup({ settings: { strategy } });
    core.addClient('a', 1);
    core.addClient('b', 2);
    offer(4);
    expect(delivered()).toEqual(['a:e0', 'b:e1', 'b:e3']);
    core.ack('e0');
    expect(delivered()).toEqual(['a:e2']);
  });

  test('moves a bucket to a client that joins only when nothing of it is out', () => {
    const { core, offer, delivered } = aGroup({ settings: { strategy } });
    core.addClient('a', 10);
    offer(2);
    expect(delivered()).toEqual(['a:e0', 'a:e1']);
    core.addClient('b', 10);
    offer(2);
    expect(delivered()).toEqual(['a:e3']);
    core.ack('e0');
    expect(delivered()).toEqual(['b:e2']);
  });

  test('gives the buckets of a client that leaves to those that stay', () => {
    const { core, offer, delivered } = aGroup({ settings: { strategy } });
    core.addClient('a', 10);
    core.addClient('b', 10);
    offer(2);
    expect(delivered()).toEqual(['a:e0', 'b:e1']);
    core.removeClient('a');
    offer(2);
    expect(delivered()).toEqual(['b:e0', 'b:e2', 'b:e3']);
  });
});

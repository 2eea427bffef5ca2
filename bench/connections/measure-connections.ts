import { setTimeout as sleep } from 'node:timers/promises';
import type { Connector } from './connector.ts';
import type { Memory, MemoryProbe } from './memory-probe.ts';

/** A server that is running, and may be measured. */
export interface MeasuredServer {
  readonly webSocketUrl: string;
  readonly probe: MemoryProbe;
}

/** What one connection costs, in bytes, on average over all of them. */
export interface ConnectionCost {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
}

/**
 * Opens `count` connections and answers what each has added to the server's memory, after garbage collections
 * before and after, once every one of them has been idle for `idleSeconds`.
 *
 * Before that, one connection per user is opened and closed again: code is compiled, and caches that hold
 * something per user are filled, which is the cost of users and not of connections.
 */
export async function measureConnections(
  { webSocketUrl, probe }: MeasuredServer,
  connector: Connector,
  options: { readonly hellos: readonly string[]; readonly count: number; readonly idleSeconds: number },
): Promise<ConnectionCost> {
  const { hellos, count, idleSeconds } = options;
  await connector.open(webSocketUrl, hellos, hellos.length);
  await connector.close();
  const before = await probe.memory();
  await connector.open(webSocketUrl, hellos, count);
  await sleep(idleSeconds * 1000);
  const after = await probe.memory();
  await connector.check();
  await connector.close();
  return costOfEach(before, after, count);
}

function costOfEach(before: Memory, after: Memory, count: number): ConnectionCost {
  return {
    rssBytes: (after.rssBytes - before.rssBytes) / count,
    heapBytes: (after.heapUsedBytes - before.heapUsedBytes) / count,
    externalBytes: (after.externalBytes - before.externalBytes) / count,
  };
}

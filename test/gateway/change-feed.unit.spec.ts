import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { limits } from '../../src/config/limits.ts';
import { ChangeFeed } from '../../src/gateway/hub/change-feed.ts';
import { Hub } from '../../src/gateway/hub/hub.ts';
import { Connection } from '../../src/gateway/socket/connection.ts';
import { UserDirectory } from '../../src/gateway/views/user-directory.ts';
import type { BusMessage } from '../../src/projections/bus.ts';
import { alice } from '../support/domain-fixtures.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

it('a bus that loses message after message costs one resync of everyone at a time, and one after the last', async () => {
  const runtime = virtualRuntime({ seed: 1 });
  const hub = new Hub(async () => []);
  const connection = new Connection({} as WebSocket, 0);
  connection.userId = alice;
  await hub.join(connection, alice);
  const listeners: ((message: BusMessage) => void)[] = [];
  const resyncsAtMs: number[] = [];
  const open = async () => null;
  const feed = new ChangeFeed({
    bus: {
      subscribe(listener) {
        listeners.push(listener);
        return () => listeners.pop();
      },
    },
    reads: { progress: async () => [], waitFor: async () => true },
    hub,
    directory: new UserDirectory({ accounts: async () => [] }, open, runtime),
    open,
    runtime,
    logger: pino({ level: 'silent' }),
    push: () => resyncsAtMs.push(runtime.clock.monotonicMs()),
    endSessions: () => undefined,
  });
  await feed.start();

  let lastLossAtMs = 0;
  const timersBefore = runtime.pendingTimers;
  for (let checkpoint = 1n; checkpoint <= 100n; checkpoint += 1n) {
    const changes: BusMessage = {
      kind: 'changes',
      projection: 'messages',
      generation: 1,
      partition: 0,
      // Never the checkpoint of the one before: every message follows one that was lost.
      previous: checkpoint * 10n - 1n,
      checkpoint: checkpoint * 10n,
      changes: [],
    };
    for (const listener of listeners) listener(changes);
    lastLossAtMs = runtime.clock.monotonicMs();
    expect(runtime.pendingTimers - timersBefore).toBeLessThanOrEqual(1);
    await runtime.advance(10);
  }
  await runtime.advance(2 * limits.gateway.resyncSpreadMs);

  expect(resyncsAtMs.length).toBeLessThanOrEqual(3);
  expect(resyncsAtMs.at(-1)).toBeGreaterThanOrEqual(lastLossAtMs);
  feed.stop();
  expect(runtime.pendingTimers).toBe(0);
});

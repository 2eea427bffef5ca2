import { describe, expect, it } from 'vitest';
import { limits } from '../../src/config/limits.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';
import { memoryStorage, scriptedServer } from './support/scripted-server.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;
/** A token lives ten minutes and is exchanged half a minute before its end. */
const exchangesPerHour = 6;

async function connected(clientAheadMs: number) {
  const runtime = virtualRuntime();
  const server = scriptedServer(runtime, { clientAheadMs });
  const client = server.client();
  await runtime.settle(client.logIn({ username: 'a', password: 'b' }));
  await runtime.settle(client.connect());
  return { runtime, server, client };
}

describe("a client whose clock is not the server's", () => {
  it.each([
    ['right', 0],
    ['nine and a half minutes ahead', 9.5 * minuteMs],
    ['an hour ahead', hourMs],
    ['a day ahead', 24 * hourMs],
    ['a minute behind', -minuteMs],
    ['a day behind', -24 * hourMs],
  ])('stays connected for hours and exchanges its tokens when they end: %s', async (_name, clientAheadMs) => {
    const { runtime, server, client } = await connected(clientAheadMs);
    await runtime.advance(2 * hourMs);
    expect(server.closes).toEqual([]);
    expect(server.refreshes).toBeGreaterThanOrEqual(2 * exchangesPerHour);
    expect(server.refreshes).toBeLessThanOrEqual(2 * exchangesPerHour + 1);
    expect(server.framesOf('reauthenticate')).toHaveLength(server.refreshes);
    client.disconnect();
  });

  it.each([hourMs, -hourMs])('does not mind that its clock steps by %i ms meanwhile', async (byMs) => {
    const { runtime, server } = await connected(0);
    runtime.stepWallClock(byMs);
    await runtime.advance(9 * minuteMs);
    expect(server.refreshes).toBe(0);
    await runtime.advance(minuteMs);
    expect(server.refreshes).toBe(1);
    expect(server.closes).toEqual([]);
  });

  it('uses a token that it has just been given, however old that looks before the first hello', async () => {
    const runtime = virtualRuntime();
    const server = scriptedServer(runtime, { clientAheadMs: hourMs });
    const client = server.client();
    await runtime.settle(client.logIn({ username: 'a', password: 'b' }));
    for (let n = 0; n < 5; n++) await runtime.settle(client.me());
    expect(server.refreshes).toBe(0);
  });

  it('exchanges a stored token that looks old once', async () => {
    const runtime = virtualRuntime();
    const server = scriptedServer(runtime, { clientAheadMs: hourMs });
    const storage = memoryStorage();
    await runtime.settle(server.client({ storage }).logIn({ username: 'a', password: 'b' }));
    const later = server.client({ storage });
    expect(later.resume()).toBe(true);
    for (let n = 0; n < 5; n++) await runtime.settle(later.me());
    await runtime.settle(later.connect());
    expect(server.refreshes).toBe(1);
  });

  it('never presents tokens faster than the bound, even to a server whose answers always look too old', async () => {
    const { runtime, server } = await connected(0);
    const socket = server.last();
    const say = (id: number, tokenExpiresAtMs: number) =>
      socket.onmessage({ data: JSON.stringify({ id, ok: true, data: { tokenExpiresAtMs } }) });
    say(2, 1);
    await runtime.advance(limits.client.freshTokenMs - 1);
    expect(server.framesOf('reauthenticate')).toHaveLength(0);
    await runtime.advance(1);
    expect(server.framesOf('reauthenticate')).toHaveLength(1);
  });
});

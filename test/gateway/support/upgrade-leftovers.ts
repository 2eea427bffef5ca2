/**
 * Run with --expose-gc: opens WebSockets to a gateway in this process and prints, as JSON, how many of their
 * requests, replies and responses are still in memory while the sockets are open.
 */
import { subscribe } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { fakeBackEnd, startGateway } from './fake-back-end.ts';
import { openSocket } from './raw-socket.ts';

const sockets = 20;
const kept = {
  request: [] as WeakRef<object>[],
  reply: [] as WeakRef<object>[],
  raw: [] as WeakRef<object>[],
};

subscribe('tracing:fastify.request.handler:start', (message) => {
  const { request, reply } = message as {
    request: { ws: boolean; raw: object };
    reply: { raw: object };
  };
  if (!request.ws) return;
  kept.request.push(new WeakRef(request));
  kept.reply.push(new WeakRef(reply));
  kept.raw.push(new WeakRef(request.raw), new WeakRef(reply.raw));
});

const backEnd = fakeBackEnd();
const gateway = await startGateway(backEnd);
const user = backEnd.addUser('alice');
const clients = [];
for (let n = 0; n < sockets; n++) {
  const client = await openSocket(gateway.url);
  // Some say hello, some do not: both are idle connections. No more than a user may have.
  if (n < 10) await client.hello(user.token);
  clients.push(client);
}
// The last turns of the upgrades are over only after the next turns of the event loop.
for (let turn = 0; turn < 10; turn++) {
  await sleep(5);
  globalThis.gc?.();
}
const alive = (refs: readonly WeakRef<object>[]) => refs.filter((ref) => ref.deref() !== undefined).length;
const answer = {
  seen: kept.request.length,
  request: alive(kept.request),
  reply: alive(kept.reply),
  raw: alive(kept.raw),
  open: clients.filter(({ webSocket }) => webSocket.readyState === webSocket.OPEN).length,
};
process.stdout.write(`${JSON.stringify(answer)}\n`);
for (const { webSocket } of clients) webSocket.terminate();
await gateway.close();

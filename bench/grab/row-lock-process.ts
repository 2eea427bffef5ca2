/** The peer of `bench grab`: a minimal WebSocket in front of the row-locking store. Ends with its parent. */
import fastifyWebsocket from '@fastify/websocket';
import Fastify from 'fastify';
import type { RowLockReply, RowLockRequest } from './row-lock-protocol.ts';
import { createRowLockStore, type RowLockStore } from './row-lock-store.ts';

const { ROW_LOCK_DATABASE_URL = '', ROW_LOCK_USERS, ROW_LOCK_CONNECTIONS } = process.env;
const store = await createRowLockStore(
  ROW_LOCK_DATABASE_URL,
  Number(ROW_LOCK_USERS),
  Number(ROW_LOCK_CONNECTIONS),
);
const app = Fastify();
await app.register(fastifyWebsocket);
app.get('/ws', { websocket: true }, (socket) => {
  let user = -1;
  socket.on('message', (message) => {
    const request = JSON.parse(message.toString()) as RowLockRequest;
    if (request.type === 'hello') user = request.user;
    answer(store, user, request).then(
      (reply) => socket.send(JSON.stringify(reply)),
      (error: unknown) => socket.send(JSON.stringify({ id: request.id, ok: false, error: String(error) })),
    );
  });
});
process.send?.({ url: await app.listen({ host: '127.0.0.1', port: 0 }) });
process.on('disconnect', () => process.exit(0));

async function answer(store: RowLockStore, user: number, request: RowLockRequest): Promise<RowLockReply> {
  const { id } = request;
  switch (request.type) {
    case 'hello':
      return { id, ok: true };
    case 'send':
      return { id, ok: true, packetId: await store.send(request) };
    case 'grab':
      return { id, ok: true, answer: await store.grab(user, request.packetId) };
  }
}

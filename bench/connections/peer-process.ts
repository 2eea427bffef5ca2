/**
 * The peer of `bench connections`: @fastify/websocket as it comes, with a handler that answers a hello and keeps
 * its socket. Says where it listens to its parent, and ends with it.
 */
import fastifyWebsocket from '@fastify/websocket';
import Fastify from 'fastify';

const app = Fastify();
await app.register(fastifyWebsocket);
app.get('/ws', { websocket: true }, (socket) => {
  socket.on('message', (message) => {
    const { id, type } = JSON.parse(message.toString()) as { id: number; type: string };
    socket.send(JSON.stringify({ id, ok: type === 'hello', data: { serverTimeMs: Date.now() } }));
  });
});
process.send?.({ url: await app.listen({ host: '127.0.0.1', port: 0 }) });
process.on('disconnect', () => process.exit(0));

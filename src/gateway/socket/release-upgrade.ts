import type { ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';

/**
 * Lets the garbage collector have all that an upgrade leaves behind.
 *
 * A WebSocket that @fastify/websocket hands over keeps its request, reply, response and header strings alive for
 * as long as it is open, which is more than half of an idle connection's memory. Two references hold all of it:
 *
 * 1. the `error` listener that the plugin puts on the WebSocket closes over request and reply;
 * 2. `assignSocket` made the response the TCP socket's `_httpMessage`, and a response holds its request and,
 *    through Fastify's listeners, the reply.
 *
 * The caller takes the WebSocket over in the same turn: an `error` that nobody heard would end the process.
 */
export function releaseUpgrade(webSocket: WebSocket, response: ServerResponse): void {
  webSocket.removeAllListeners('error');
  if (response.socket !== null) response.detachSocket(response.socket);
}

import { request } from 'node:http';
import { WebSocket } from 'ws';

/*
 * The gateway bounds what one address may do in a minute. Linux answers on all of 127.0.0.0/8, so every user of
 * a bench calls from an address of their own, as users do, and the bounds stay as they are.
 */

/** The address of the user with this index (below 65,000). */
export function addressOf(index: number): string {
  return `127.1.${Math.floor(index / 250)}.${1 + (index % 250)}`;
}

/** A `fetch`, for the SDK, that calls from `localAddress`. Bodies are texts. */
export function fetchFrom(localAddress: string): typeof fetch {
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      const url = input instanceof Request ? input.url : input;
      const headers = Object.fromEntries(new Headers(init.headers));
      const outgoing = request(url, { method: init.method ?? 'GET', headers, localAddress }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const status = incoming.statusCode ?? 500;
          // A response without content takes no body at all, not even an empty one.
          resolve(new Response(status === 204 ? null : Buffer.concat(chunks), { status }));
        });
      });
      outgoing.on('error', reject);
      outgoing.end(typeof init.body === 'string' ? init.body : undefined);
    });
}

/** A WebSocket from `localAddress`. */
export function openWebSocket(url: string, localAddress: string): WebSocket {
  return new WebSocket(url, { localAddress });
}

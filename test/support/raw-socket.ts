import { once } from 'node:events';
import WebSocket from 'ws';
import type { Person } from './people.ts';

/** A WebSocket without the SDK: it sends whatever it is given. */
export interface RawSocket {
  send(text: string): void;
  /** Sends, and resolves with the next frame that answers something. */
  ask(text: string): Promise<unknown>;
  /** The close code. */
  readonly closed: Promise<number>;
  close(): void;
}

/** Connects, and says hello with the person's token or another; says nothing when there is no person. */
export async function openRawSocket(
  url: string,
  person: Person | undefined,
  token?: string,
): Promise<RawSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`);
  const answers: ((frame: unknown) => void)[] = [];
  socket.on('message', (bytes) => {
    const message: unknown = JSON.parse(String(bytes));
    for (const frame of Array.isArray(message) ? message : [message]) {
      if (typeof frame === 'object' && frame !== null && 'id' in frame) answers.shift()?.(frame);
    }
  });
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));
  await once(socket, 'open');
  const raw: RawSocket = {
    send: (text) => socket.send(text),
    ask: (text) =>
      new Promise((resolve) => {
        answers.push(resolve);
        socket.send(text);
      }),
    closed,
    close: () => socket.close(),
  };
  if (person !== undefined) {
    const hello = {
      id: 0,
      type: 'hello',
      data: { protocol: 1, token: token ?? person.client.session?.tokens.accessToken, cursors: {} },
    };
    if (token === undefined) await raw.ask(JSON.stringify(hello));
    else raw.send(JSON.stringify(hello));
  }
  return raw;
}

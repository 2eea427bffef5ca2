import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { PushFrame, PushType } from '../../../src/protocol/pushes.ts';

/** Any frame of the server, loosely typed: tests look into it. */
export interface AnyFrame {
  readonly id?: number | null;
  readonly type?: string;
  readonly ok?: boolean;
  readonly data?: unknown;
  readonly position?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly temporary: boolean };
}

/** A WebSocket below the SDK, for saying what the SDK never would. */
export interface RawSocket {
  readonly frames: readonly AnyFrame[];
  /** WebSocket messages received: less than frames when several shared one. */
  readonly messages: () => number;
  send(message: unknown): void;
  sendRaw(data: string | Buffer): void;
  /** The first frame, past or to come, that `accept` takes. */
  frame(accept: (frame: AnyFrame) => boolean): Promise<AnyFrame>;
  reply(id: number | null): Promise<AnyFrame>;
  push<Type extends PushType>(type: Type): Promise<Extract<PushFrame, { type: Type }>>;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<{ code: number; reason: string }>;
  hello(token: string, cursors?: Record<string, number>): Promise<AnyFrame>;
  close(): Promise<void>;
  readonly webSocket: WebSocket;
}

export async function openSocket(url: string, options: { origin?: string } = {}): Promise<RawSocket> {
  const webSocket = new WebSocket(url.replace(/^http/, 'ws').replace(/\/?$/, '/ws'), options);
  const frames: AnyFrame[] = [];
  let messages = 0;
  const waiting = new Set<(arrived: readonly AnyFrame[]) => void>();
  webSocket.on('message', (data) => {
    messages += 1;
    const parsed = JSON.parse(String(data)) as AnyFrame | AnyFrame[];
    const arrived = Array.isArray(parsed) ? parsed : [parsed];
    frames.push(...arrived);
    for (const check of [...waiting]) check(arrived);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    webSocket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await once(webSocket, 'open');

  function frame(accept: (frame: AnyFrame) => boolean): Promise<AnyFrame> {
    return new Promise((resolve, reject) => {
      const check = (arrived: readonly AnyFrame[]): void => {
        const found = arrived.find(accept);
        if (found === undefined) return;
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      check(frames);
      void closed.then(({ code }) => reject(new Error(`closed with ${code} before such a frame came`)));
    });
  }

  const socket: RawSocket = {
    webSocket,
    frames,
    messages: () => messages,
    closed,
    send: (message) => webSocket.send(JSON.stringify(message)),
    sendRaw: (data) => webSocket.send(data),
    frame,
    reply: (id) => frame((one) => one.id === id),
    push: (type) => frame((one) => one.type === type) as never,
    async hello(token, cursors = {}) {
      socket.send({ id: 1, type: 'hello', data: { protocol: 1, token, cursors } });
      return socket.reply(1);
    },
    async close() {
      webSocket.close();
      await closed;
    },
  };
  return socket;
}

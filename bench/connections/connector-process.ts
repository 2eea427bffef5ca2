/**
 * The client of `bench connections`, in a process of its own: it has file descriptors of its own, and its memory
 * is not the server's. Opens what its parent asks for, says when every hello was answered, and ends with it.
 */
import { WebSocket } from 'ws';
import { inParallel } from '../harness/in-parallel.ts';
import type { ConnectorAnswer, ConnectorRequest } from './connector.ts';

const connectingAtOnce = 64;
let open: WebSocket[] = [];

process.on('message', (request: ConnectorRequest) => {
  carryOut(request).then(
    () => answer({ kind: 'done' }),
    (error: unknown) =>
      answer({ kind: 'failed', why: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));

function answer(message: ConnectorAnswer): void {
  process.send?.(message);
}

async function carryOut(request: ConnectorRequest): Promise<void> {
  switch (request.kind) {
    case 'open': {
      const { url, hellos, count } = request;
      open = await inParallel(count, connectingAtOnce, (index) =>
        greeted(url, hellos[index % hellos.length] ?? ''),
      );
      return;
    }
    case 'check': {
      const lost = open.filter((socket) => socket.readyState !== socket.OPEN).length;
      if (lost > 0) throw new Error(`${lost} of ${open.length} connections are gone`);
      return;
    }
    case 'close': {
      const closing = open;
      open = [];
      await Promise.all(closing.map(closed));
    }
  }
}

/** A connection whose hello was accepted. */
function greeted(url: string, hello: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.once('error', reject);
    socket.once('close', (code: number, reason: Buffer) =>
      reject(new Error(`closed with ${code} ${reason}`)),
    );
    socket.once('open', () => socket.send(hello));
    socket.once('message', (message) => {
      const { ok } = JSON.parse(message.toString()) as { ok: boolean };
      if (!ok) return reject(new Error(`the hello was refused: ${message}`));
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === socket.CLOSED) return resolve();
    socket.once('close', () => resolve());
    socket.close();
  });
}

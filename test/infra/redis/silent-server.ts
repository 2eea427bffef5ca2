import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** A server that speaks just enough of Redis' protocol (RESP3) to be taken for one, until it is told to fall silent. */
export interface SilentServer {
  readonly url: string;
  /** From now on nothing is answered, on whatever connection; all stay open. */
  fallSilent(): void;
  /** Resolves once the connection number `n` (from 0) has sent this command. */
  heard(n: number, name: string): Promise<void>;
  close(): void;
}

export async function startSilentServer(): Promise<SilentServer> {
  let isSilent = false;
  const sockets: Socket[] = [];
  const heard: string[][] = [];
  const waiting = new Set<() => void>();
  const server = createServer((socket) => {
    sockets.push(socket);
    const names: string[] = [];
    heard.push(names);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      for (const [name = '', ...args] of commandsIn(String(data))) {
        names.push(name.toLowerCase());
        if (!isSilent) socket.write(answerTo(name.toLowerCase(), args));
      }
      for (const check of waiting) check();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `redis://127.0.0.1:${address.port}`,
    fallSilent() {
      isSilent = true;
    },
    heard: (n, name) =>
      new Promise((resolve) => {
        const check = () => {
          if (heard[n]?.includes(name) !== true) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Clients send arrays of bulk strings, each whole in one chunk here. */
function commandsIn(text: string): string[][] {
  const commands: string[][] = [];
  const lines = text.split('\r\n');
  let at = 0;
  while (lines[at]?.startsWith('*') === true) {
    const count = Number(lines[at]?.slice(1));
    commands.push(Array.from({ length: count }, (_, n) => lines[at + 2 + 2 * n] ?? ''));
    at += 1 + 2 * count;
  }
  return commands;
}

function answerTo(name: string, args: readonly string[]): string {
  const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
  switch (name) {
    case 'hello':
      return `%1\r\n${bulk('proto')}:3\r\n`;
    case 'info':
      return bulk('redis_version:7.0.0\r\nloading:0\r\n');
    case 'subscribe':
      return `>3\r\n${bulk(name)}${bulk(args[0] ?? '')}:1\r\n`;
    case 'ping':
      return '+PONG\r\n';
    case 'client':
      return '+OK\r\n';
    default:
      // The script that counts rates: one request, in a window of a minute.
      return '*2\r\n:1\r\n:60000\r\n';
  }
}

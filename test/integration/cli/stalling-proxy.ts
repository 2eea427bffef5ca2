import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface StallingProxy {
  readonly port: number;
  /** Resolves when it has stopped passing bytes on. */
  readonly stalled: Promise<void>;
  /** Passes everything on from now on. */
  goOn(): void;
  close(): Promise<void>;
}

/**
 * Stands between a command and its event node, and passes only so many bytes on in one direction: the command is
 * then in the middle of its work for as long as a test wants.
 */
export async function stallingProxy(
  nodePort: number,
  { direction, bytesMax }: { readonly direction: 'to-node' | 'from-node'; readonly bytesMax: number },
): Promise<StallingProxy> {
  const stalled = Promise.withResolvers<void>();
  const goneOn = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  let passed = 0;
  const pass = async (from: Socket, to: Socket, counts: boolean): Promise<void> => {
    for await (const bytes of from as AsyncIterable<Buffer>) {
      if (counts) passed += bytes.length;
      if (passed > bytesMax && counts) {
        stalled.resolve();
        await goneOn.promise;
      }
      if (!to.write(bytes)) await once(to, 'drain');
    }
    to.end();
  };
  const server = createServer((client) => {
    const node = connect(nodePort, '127.0.0.1');
    for (const [one, other] of [
      [client, node],
      [node, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    pass(client, node, direction === 'to-node').catch(() => node.destroy());
    pass(node, client, direction === 'from-node').catch(() => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    stalled: stalled.promise,
    goOn: goneOn.resolve,
    async close() {
      goneOn.resolve();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

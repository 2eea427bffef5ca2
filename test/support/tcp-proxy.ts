import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A piece of what one side of a connection wrote, as it came off the network. */
export interface Piece {
  /** Counts from 0, in the order in which they were opened. */
  readonly connection: number;
  readonly from: 'client' | 'server';
  readonly data: Buffer;
}

/** What becomes of a piece. `cut`: it is lost, and both ends find their connection broken. `lose`: nobody notices. */
export type Verdict = 'pass' | 'cut' | 'lose';

export interface TcpProxy {
  /** `url` with the proxy in the place of its host and port. */
  through(url: string): string;
  /** Is asked about every piece from now on. */
  judge(rule: (piece: Piece) => Verdict): void;
  /** From now on each piece waits so long, and is passed on so many bytes at a time. */
  slowDown(options: { readonly delayMs: number; readonly bytesMax: number }): void;
  /** Nothing is passed on, and nothing is refused, until `goOn`. */
  stall(): void;
  goOn(): void;
  /** Breaks every connection that there is; new ones are taken. */
  cutAll(): void;
  close(): Promise<void>;
}

/** A proxy on loopback in front of a server, which does to its connections what a bad network does. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let connections = 0;
  let rule: (piece: Piece) => Verdict = () => 'pass';
  let slowness = { delayMs: 0, bytesMax: Number.MAX_SAFE_INTEGER };
  let gate = Promise.resolve();
  let openGate: () => void = () => undefined;

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const connection = connections;
    connections += 1;
    const cut = (): void => {
      for (const socket of [client, upstream]) {
        socket.destroy();
        open.delete(socket);
      }
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', cut);
      socket.on('close', cut);
    }
    void pass(client, upstream, (data) => rule({ connection, from: 'client', data })).finally(cut);
    void pass(upstream, client, (data) => rule({ connection, from: 'server', data })).finally(cut);
  });

  /** Reads no further than it has written: what is slow here is felt by the sender. */
  async function pass(source: Socket, sink: Socket, verdictOn: (data: Buffer) => Verdict): Promise<void> {
    try {
      for await (const data of source as AsyncIterable<Buffer>) {
        const verdict = verdictOn(data);
        if (verdict === 'cut') return;
        if (verdict === 'lose') continue;
        for (let at = 0; at < data.length; at += slowness.bytesMax) {
          await gate;
          if (slowness.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, slowness.delayMs));
          if (sink.destroyed) return;
          if (!sink.write(data.subarray(at, at + slowness.bytesMax))) await once(sink, 'drain');
        }
      }
    } catch {
      // The other end is gone, which this end is told of by `cut`.
    }
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;

  return {
    through(url) {
      const [scheme = '', rest = ''] = url.split('://');
      const address = new URL(`http://${rest}`).host;
      return `${scheme}://${rest.replace(address, `127.0.0.1:${own}`)}`;
    },
    judge(next) {
      rule = next;
    },
    slowDown(options) {
      slowness = options;
    },
    stall() {
      gate = new Promise((resolve) => {
        openGate = resolve;
      });
    },
    goOn() {
      openGate();
    },
    cutAll() {
      for (const socket of open) socket.destroy();
    },
    async close() {
      openGate();
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

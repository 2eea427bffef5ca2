/**
 * One port for two protocols. A connection says by its first bytes which one it speaks, in plain text as in TLS
 * (where what was agreed on in the handshake is not needed):
 *
 *     accepted --[TLS handshake]--> silent --preface of HTTP/2--> HTTP/2
 *                                      \----anything else-------> HTTP/1.1
 *
 * Node's HTTP/2 server without TLS does not speak HTTP/1.1, so the sockets are handed to it from here. What stays
 * silent is cut after a deadline.
 */
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Logger } from 'pino';
import { limits } from '../../../../src/config/limits.ts';
import type { Timers } from '../../../../src/runtime/runtime.ts';

/** PEM texts. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
}

export interface OpenPortOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Undefined: plain text. */
  readonly tls?: TlsIdentity | undefined;
  readonly timers: Timers;
  readonly logger: Logger;
  /** The socket's first bytes are unread. */
  onHttp2(socket: Socket): void;
  onHttp1(socket: Socket): void;
}

export interface OpenPort {
  readonly port: number;
  /** Accepts nothing more and cuts what has said nothing yet; resolves when the last connection has ended. */
  close(): Promise<void>;
  /** Cuts the connections that are still there. */
  cut(): void;
}

/**
 * Rejects with the system's error when the address cannot be listened on, and with OpenSSL's when the certificate
 * or the key is none, or they do not belong together.
 */
export async function openPort(options: OpenPortOptions): Promise<OpenPort> {
  const { logger, tls } = options;
  const sockets = new Set<Socket>();
  const silent = new Set<Socket>();
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', (error) => logger.debug({ err: error }, 'a connection broke'));
  };
  const server =
    tls === undefined
      ? createTcpServer({ allowHalfOpen: true, noDelay: true })
      : createTlsServer({
          allowHalfOpen: true,
          noDelay: true,
          cert: tls.certificate,
          key: tls.key,
          ALPNProtocols: ['h2', 'http/1.1'],
          minVersion: 'TLSv1.2',
          handshakeTimeout: limits.eventNode.handshakeMs,
        });
  server.maxConnections = limits.eventNode.connectionsMax;
  server.on('connection', accept);
  server.on('tlsClientError', (error) => logger.debug({ err: error }, 'a TLS handshake failed'));
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    if (tls !== undefined) accept(socket);
    silent.add(socket);
    handOver(socket, options, () => silent.delete(socket));
  });
  const port = await listen(server, options.host, options.port);
  return {
    port,
    close: () => {
      for (const socket of silent) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What every HTTP/2 client sends first (RFC 9113, section 3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

function handOver(socket: Socket, { timers, onHttp1, onHttp2 }: OpenPortOptions, onDone: () => void): void {
  let seen = Buffer.alloc(0);
  const deadline = timers.after(limits.eventNode.handshakeMs, () => socket.destroy());
  const cut = (): void => {
    socket.destroy();
  };
  const done = (): void => {
    onDone();
    deadline.cancel();
    socket.off('readable', look);
    socket.off('end', cut);
    socket.off('close', done);
  };
  const look = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    seen = Buffer.concat([seen, chunk]);
    const compared = Math.min(seen.length, PREFACE.length);
    const same = seen.subarray(0, compared).equals(PREFACE.subarray(0, compared));
    if (same && compared < PREFACE.length) return;
    done();
    socket.unshift(seen);
    if (same) onHttp2(socket);
    else onHttp1(socket);
  };
  socket.on('readable', look);
  socket.on('end', cut);
  socket.on('close', done);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * A gRPC server on Node's own http2.
 *
 * Alternatives: grpc-js's server took 4 to 6 times the CPU for the same reads in a prototype (one write and
 * several callbacks per message); here a handler writes chunks of many framed messages.
 */
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { limits } from '../../../src/config/limits.ts';
import type { TimerHandle, Timers } from '../../../src/runtime/runtime.ts';
import { ByteBudget } from './byte-budget.ts';
import { GrpcCall } from './grpc-call.ts';
import { GrpcError, grpcStatus } from './grpc-status.ts';

/** Serves one call. Resolves: the call ends with OK. Throws `GrpcError`: it ends with that. */
export type GrpcHandler = (call: GrpcCall) => Promise<void>;

/** Handlers by path, `/package.Service/Method`. */
export type GrpcHandlers = ReadonlyMap<string, GrpcHandler>;

export interface GrpcServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly handlers: GrpcHandlers;
  readonly timers: Timers;
  readonly logger: Logger;
}

export interface GrpcServer {
  readonly port: number;
  /** Takes no new calls, ends the open ones with UNAVAILABLE after `finish`, and closes all connections. */
  close(finish: () => Promise<void>): Promise<void>;
}

/** Starts the server. Rejects with the system's error when the address cannot be listened on. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = createServer(http2Options);
  const sessions = new Set<ServerHttp2Session>();
  const calls = new Set<GrpcCall>();
  const incomplete = new ByteBudget(
    'the incomplete messages of all calls',
    limits.eventNode.incompleteBytesMax,
  );
  let closing = false;

  server.on('session', (session) => {
    if (sessions.size >= limits.eventNode.connectionsMax) {
      session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
      return;
    }
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    // A broken connection is its own end; its calls learn of it through their streams.
    session.on('error', (error) => options.logger.debug({ err: error }, 'a connection broke'));
    widenWindow(session);
  });
  server.on('sessionError', (error) => options.logger.debug({ err: error }, 'a connection broke'));
  server.on('stream', (stream, headers, _flags, rawHeaders: string[] = []) => {
    const call = new GrpcCall(stream, { timers: options.timers, incomplete });
    calls.add(call);
    call.signal.addEventListener('abort', () => calls.delete(call), { once: true });
    if (closing) {
      call.fail(shuttingDown());
      return;
    }
    if (headerBytes(rawHeaders) > limits.eventNode.headerBytesMax) {
      call.fail(new GrpcError(grpcStatus.resourceExhausted, 'the headers of the call are too large'));
      return;
    }
    if (calls.size > limits.eventNode.callsMax) {
      call.fail(new GrpcError(grpcStatus.resourceExhausted, 'the node has too many open calls'));
      return;
    }
    void serve(call, stream, headers, options);
  });

  const port = await listen(server, options.host, options.port);
  const pings = dropSilentPeers(sessions, options.timers);
  return {
    port,
    async close(finish) {
      closing = true;
      pings.cancel();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await finish();
      for (const call of calls) call.fail(shuttingDown());
      for (const session of sessions) session.close();
      const grace = options.timers.after(limits.eventNode.closeGraceMs, () => {
        for (const session of sessions) session.destroy();
      });
      await closed;
      grace.cancel();
    },
  };
}

/** What one connection may ask for; over the bounds of nghttp2 it is closed. */
const http2Options: ServerOptions = {
  settings: {
    initialWindowSize: limits.eventNode.receiveWindowBytes,
    maxConcurrentStreams: limits.eventNode.callsPerConnectionMax,
    maxHeaderListSize: limits.eventNode.headerBytesMax,
  },
  maxHeaderListPairs: limits.eventNode.headersMax,
  maxSessionMemory: limits.eventNode.connectionMemoryMbMax,
  streamResetBurst: limits.eventNode.resetsBurst,
  streamResetRate: limits.eventNode.resetsPerSecond,
};

/**
 * Asks every peer whether it is there, and closes the connections of those that have not answered the last time:
 * dead ones, and those that sent half a frame or nothing at all, which cannot answer in between.
 */
function dropSilentPeers(sessions: ReadonlySet<ServerHttp2Session>, timers: Timers): TimerHandle {
  const asked = new WeakSet<ServerHttp2Session>();
  return timers.every(limits.eventNode.pingMs, () => {
    for (const session of sessions) {
      if (session.destroyed) continue;
      if (asked.has(session)) {
        session.destroy();
        continue;
      }
      asked.add(session);
      session.ping((error: Error | null) => {
        if (error === null) asked.delete(session);
      });
    }
  });
}

const shuttingDown = (): GrpcError => new GrpcError(grpcStatus.unavailable, 'the node is shutting down');

async function serve(
  call: GrpcCall,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { handlers, logger }: GrpcServerOptions,
): Promise<void> {
  const path = headers[':path'] ?? '';
  if (headers[':method'] !== 'POST' || !GRPC_CONTENT_TYPE.test(headers['content-type'] ?? '')) {
    stream.respond({ ':status': 415 }, { endStream: true });
    stream.close();
    return;
  }
  try {
    const handler = handlers.get(path);
    if (handler === undefined) {
      throw new GrpcError(grpcStatus.unimplemented, `this node does not implement ${path.slice(0, 200)}`);
    }
    await handler(call);
    call.end();
  } catch (error) {
    if (call.signal.aborted) return;
    if (!(error instanceof GrpcError)) logger.error({ err: error, path }, 'a call failed');
    call.fail(error instanceof GrpcError ? error : new GrpcError(grpcStatus.internal, 'internal error'));
  }
}

const headerBytes = (rawHeaders: readonly string[]): number =>
  rawHeaders.reduce((bytes, text) => bytes + text.length, 0);

/** gRPC with protobuf messages, the only ones here. */
const GRPC_CONTENT_TYPE = /^application\/grpc(?:\+proto)?(?:;|$)/i;

/** The connection's own window, shared by its calls, starts at 64 KiB; one big append would stop the rest. */
function widenWindow(session: ServerHttp2Session): void {
  session.setLocalWindowSize(4 * limits.eventNode.receiveWindowBytes);
}

function listen(server: Http2Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

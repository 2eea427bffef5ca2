/**
 * A gRPC server on Node's own http2.
 *
 * Alternatives: grpc-js's server took 4 to 6 times the CPU for the same reads in a prototype (one write and
 * several callbacks per message); here a handler writes chunks of many framed messages.
 */
import {
  createServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import { limits } from '../../../../src/config/limits.ts';
import type { TimerHandle, Timers } from '../../../../src/runtime/runtime.ts';
import type { Access } from '../access/access.ts';
import { ByteBudget } from './byte-budget.ts';
import { GrpcCall } from './grpc-call.ts';
import { GrpcError, grpcStatus } from './grpc-status.ts';
import { answerHttp2, http1Server, type Pages, pageFor } from './http-pages.ts';
import type { NodeMetrics } from '../operations/node-metrics.ts';
import { type OpenPortOptions, openPort } from './open-port.ts';

/** Serves one call. Resolves: the call ends with OK. Throws `GrpcError`: it ends with that. */
export type GrpcHandler = (call: GrpcCall) => Promise<void>;

/** Handlers by path, `/package.Service/Method`. */
export type GrpcHandlers = ReadonlyMap<string, GrpcHandler>;

export interface GrpcServerOptions
  extends Pick<OpenPortOptions, 'host' | 'port' | 'tls' | 'timers' | 'logger'> {
  readonly handlers: GrpcHandlers;
  readonly identify: Access['identify'];
  readonly metrics: NodeMetrics;
  /** What plain HTTP gets on the same port. */
  readonly pages: Pages;
}

export interface GrpcServer {
  readonly port: number;
  /** Takes no new calls, ends the open ones with `ending` after `finish`, and closes all connections. */
  close(finish: () => Promise<void>, ending?: GrpcError): Promise<void>;
}

/** Starts the server. Rejects as `openPort` does. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { logger, metrics, pages, timers } = options;
  const server = createServer(http2Options);
  const sessions = new Set<ServerHttp2Session>();
  const calls = new Set<GrpcCall>();
  const incomplete = new ByteBudget(
    'the incomplete messages of all calls',
    limits.eventNode.incompleteBytesMax,
  );
  let closing = false;

  server.on('session', (session) => {
    sessions.add(session);
    metrics.connectionsOpen = sessions.size;
    // A client's settings follow its preface at once.
    const deadline = timers.after(limits.eventNode.handshakeMs, () => session.destroy());
    session.once('remoteSettings', () => deadline.cancel());
    session.on('close', () => {
      deadline.cancel();
      sessions.delete(session);
      metrics.connectionsOpen = sessions.size;
    });
    // A broken connection is its own end; its calls learn of it through their streams.
    session.on('error', (error) => logger.debug({ err: error }, 'a connection broke'));
    widenWindow(session);
  });
  server.on('sessionError', (error) => logger.debug({ err: error }, 'a connection broke'));
  server.on('stream', (stream, headers, _flags, rawHeaders: string[] = []) => {
    if (headers[':method'] === 'GET' || headers[':method'] === 'HEAD') {
      stream.on('error', (error) => logger.debug({ err: error }, 'a page was not taken'));
      answerHttp2(stream, headers[':method'], pageFor(pages, headers[':method'], headers[':path']));
      return;
    }
    const call = new GrpcCall(stream, headers, { timers, incomplete });
    if (closing) {
      call.fail(shuttingDown());
      return;
    }
    calls.add(call);
    metrics.callsOpen = calls.size;
    const ended = (): void => {
      calls.delete(call);
      metrics.callsOpen = calls.size;
    };
    call.signal.addEventListener('abort', ended, { once: true });
    if (headerBytes(rawHeaders) > limits.eventNode.headerBytesMax) {
      call.fail(new GrpcError(grpcStatus.resourceExhausted, 'the headers of the call are too large'));
      return;
    }
    if (calls.size > limits.eventNode.callsMax) {
      call.fail(new GrpcError(grpcStatus.resourceExhausted, 'the node has too many open calls'));
      return;
    }
    void serve(call, stream, options);
  });

  const http1 = http1Server(pages, timers);
  const { host, tls } = options;
  const port = await openPort({
    host,
    port: options.port,
    tls,
    timers,
    logger,
    onHttp2: (socket) => server.emit('connection', socket),
    onHttp1: (socket) => http1.emit('connection', socket),
  });
  const pings = dropSilentPeers(sessions, timers);
  return {
    port: port.port,
    async close(finish, ending = shuttingDown()) {
      closing = true;
      pings.cancel();
      const closed = port.close();
      await finish();
      for (const call of calls) call.fail(ending);
      for (const session of sessions) session.close();
      const grace = timers.after(limits.eventNode.closeGraceMs, () => port.cut());
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
  { handlers, identify, logger }: GrpcServerOptions,
): Promise<void> {
  const { headers } = call;
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
    const caller = identify(headers.authorization);
    // Mostly it is known at once, and then the call's first bytes need not wait for another turn.
    call.caller = caller instanceof Promise ? await caller : caller;
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

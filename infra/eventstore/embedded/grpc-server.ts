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
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { limits } from '../../../src/config/limits.ts';
import type { Timers } from '../../../src/runtime/runtime.ts';
import type { Access } from './access/access.ts';
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
  readonly identify: Access['identify'];
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
  const server = createServer({
    settings: {
      initialWindowSize: limits.eventNode.receiveWindowBytes,
      maxConcurrentStreams: limits.eventNode.callsPerConnectionMax,
    },
  });
  const sessions = new Set<ServerHttp2Session>();
  const calls = new Set<GrpcCall>();
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
  server.on('stream', (stream, headers) => {
    const call = new GrpcCall(stream, headers);
    calls.add(call);
    call.signal.addEventListener('abort', () => calls.delete(call), { once: true });
    if (closing) {
      call.fail(shuttingDown());
      return;
    }
    void serve(call, stream, options);
  });

  const port = await listen(server, options.host, options.port);
  return {
    port,
    async close(finish) {
      closing = true;
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

const shuttingDown = (): GrpcError => new GrpcError(grpcStatus.unavailable, 'the node is shutting down');

async function serve(
  call: GrpcCall,
  stream: ServerHttp2Stream,
  { handlers, identify, logger }: GrpcServerOptions,
): Promise<void> {
  const { headers } = call;
  const path = headers[':path'] ?? '';
  if (headers[':method'] !== 'POST' || !headers['content-type']?.startsWith('application/grpc')) {
    stream.respond({ ':status': 415 }, { endStream: true });
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

import { mkdirSync } from 'node:fs';
import type { Logger } from 'pino';
import type { Runtime } from '../../../src/runtime/runtime.ts';
import { type Access, openAccess } from './access/access.ts';
import { checkedAccess } from './access/checked-access.ts';
import { createDefaultUsers } from './access/default-users.ts';
import { createPasswordHasher } from './access/password-hash.ts';
import { UserDirectory } from './access/user-directory.ts';
import { checkDataFolder, markOpened, markStoppedCleanly } from './storage/data-folder-check.ts';
import { lockDataFolder } from './storage/data-folder-lock.ts';
import { EventStore } from './storage/event-store.ts';
import { startGrpcServer } from './grpc/grpc-server.ts';
import { GrpcError, grpcStatus } from './grpc/grpc-status.ts';
import { NodeMetrics } from './operations/node-metrics.ts';
import { nodePages } from './operations/node-pages.ts';
import type { TlsIdentity } from './grpc/open-port.ts';
import { createScavenger } from './operations/scavenger.ts';
import { services } from './services.ts';

export interface EventNodeOptions {
  /** Made when it does not exist. One node at a time. */
  readonly dataDir: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /**
   * Users log in, and access lists are checked. Without it everybody may do everything, whatever credentials he
   * sends, as with EventStoreDB's `--insecure`.
   */
  readonly secure?: boolean;
  /** Undefined: plain text. Passwords are only as safe as the line. */
  readonly tls?: TlsIdentity;
  readonly logger: Logger;
  readonly runtime: Runtime;
}

export interface EventNode {
  readonly port: number;
  /** What a client connects to. */
  readonly url: string;
  /** What it serves; for what is started from within its process. */
  readonly store: EventStore;
  /** Answers what was accepted, then stops and releases the data folder. */
  close(): Promise<void>;
  /** Settles when the node has stopped: because it was closed, or because an operator asked it over the wire. */
  readonly stopped: Promise<void>;
}

/**
 * Starts the embedded event node: a single node that speaks EventStoreDB's gRPC protocol for streams, for one
 * machine. It is not EventStoreDB: no cluster; it listens on loopback unless told otherwise.
 *
 * Throws `DataFolderInUse`, `DataFolderDamaged`, `RecordCorrupt`, `FormatMismatch`, or the system's error when the
 * address is taken.
 */
export async function startEventNode(options: EventNodeOptions): Promise<EventNode> {
  const { dataDir, host, logger, runtime } = options;
  mkdirSync(dataDir, { recursive: true });
  const lock = lockDataFolder(dataDir);
  let store: EventStore | undefined;
  try {
    await checkDataFolder(dataDir, runtime.timers);
    const metrics = new NodeMetrics();
    const opened = new EventStore({ dataDir, clock: runtime.clock, ids: runtime.ids, logger, metrics });
    store = opened;
    markOpened(dataDir);
    const users = new UserDirectory(opened, runtime.ids);
    const hasher = createPasswordHasher(runtime.random);
    let access: Access = openAccess;
    if (options.secure === true) {
      await createDefaultUsers(users, hasher, logger);
      access = checkedAccess(opened, { users, hasher, random: runtime.random });
    }
    const scavenger = createScavenger(opened, runtime, logger);
    let closing = false;
    const server = await startGrpcServer({
      host,
      port: options.port,
      tls: options.tls,
      pages: nodePages({ store: opened, metrics, isReady: () => !closing }),
      handlers: services({
        store: opened,
        runtime,
        access,
        users,
        hasher,
        metrics,
        operations: { shutdown: () => void stop(cancelled()), scavenger },
      }),
      identify: access.identify,
      metrics,
      timers: runtime.timers,
      logger,
    });
    const url = `esdb://${host.includes(':') ? `[${host}]` : host}:${server.port}?tls=${options.tls !== undefined}`;
    logger.info({ url, lastPosition: opened.lastPosition }, 'the event node is serving');

    const stopped = Promise.withResolvers<void>();
    // Whoever waits for it hears of a failure; with nobody waiting it is no fault of the process.
    stopped.promise.catch(() => {});
    const stop = (ending?: GrpcError): Promise<void> => {
      if (!closing) {
        closing = true;
        stopped.resolve(stopNode(ending));
      }
      return stopped.promise;
    };
    const stopNode = async (ending?: GrpcError): Promise<void> => {
      await scavenger.close();
      await server.close(() => opened.drain(), ending);
      await opened.close();
      markStoppedCleanly(dataDir);
      lock.release();
      logger.info('the event node has stopped');
    };
    return { port: server.port, url, store: opened, close: () => stop(), stopped: stopped.promise };
  } catch (error) {
    await store?.close();
    lock.release();
    throw error;
  }
}

/** What calls under way get when an operator shuts the node down, as EventStoreDB answers them. */
const cancelled = (): GrpcError => new GrpcError(grpcStatus.cancelled, 'an operator has shut the node down');

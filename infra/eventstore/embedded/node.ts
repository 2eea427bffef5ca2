import { mkdirSync } from 'node:fs';
import type { Logger } from 'pino';
import type { Runtime } from '../../../src/runtime/runtime.ts';
import { checkDataFolder, markOpened, markStoppedCleanly } from './data-folder-check.ts';
import { lockDataFolder } from './data-folder-lock.ts';
import { EventStore } from './event-store.ts';
import { startGrpcServer } from './grpc-server.ts';
import { services } from './services.ts';

export interface EventNodeOptions {
  /** Made when it does not exist. One node at a time. */
  readonly dataDir: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
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
}

/**
 * Starts the embedded event node: a single node that speaks EventStoreDB's gRPC protocol for streams, for one
 * machine. It is not EventStoreDB: no cluster, no users, no TLS; it listens on loopback unless told otherwise.
 *
 * Throws `DataFolderInUse`, `DataFolderDamaged`, `FormatMismatch`, or the system's error when the address is taken.
 */
export async function startEventNode(options: EventNodeOptions): Promise<EventNode> {
  const { dataDir, host, logger, runtime } = options;
  mkdirSync(dataDir, { recursive: true });
  const lock = lockDataFolder(dataDir);
  let store: EventStore | undefined;
  try {
    await checkDataFolder(dataDir, runtime.timers);
    const opened = new EventStore({ dataDir, clock: runtime.clock, ids: runtime.ids, logger });
    store = opened;
    markOpened(dataDir);
    const server = await startGrpcServer({
      host,
      port: options.port,
      handlers: services({ store: opened, runtime }),
      timers: runtime.timers,
      logger,
    });
    const url = `esdb://${host.includes(':') ? `[${host}]` : host}:${server.port}?tls=false`;
    logger.info({ url, lastPosition: opened.lastPosition }, 'the event node is serving');
    return {
      port: server.port,
      url,
      store: opened,
      async close() {
        await server.close(() => opened.settled());
        await opened.close();
        markStoppedCleanly(dataDir);
        lock.release();
        logger.info('the event node has stopped');
      },
    };
  } catch (error) {
    await store?.close();
    lock.release();
    throw error;
  }
}

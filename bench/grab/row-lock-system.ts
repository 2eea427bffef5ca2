import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { removeCluster } from '../../infra/postgres/embedded/placement.ts';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../infra/postgres/embedded/start-postgres.ts';
import { limits } from '../../src/config/limits.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';
import { startHelper } from '../harness/helper-process.ts';
import type { GrabSystem } from './grab-system.ts';
import { connectRowLockClient } from './row-lock-client.ts';
import { checkRowLockMoney } from './row-lock-store.ts';

/** Connections of the peer's pool: as many as one of our processes has. */
export const rowLockConnections = limits.postgres.poolConnectionsMax;

/** The peer: a PostgreSQL of its own, as durable as ours, one server process, and its users. */
export async function startRowLock(users: number): Promise<GrabSystem> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-bench-'));
  chmodSync(folder, 0o711);
  const cluster = join(folder, 'postgres');
  const removeData = (): void => {
    removeCluster(cluster);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const runtime = systemRuntime();
    const postgres = await startEmbeddedPostgres({
      folder: cluster,
      runtime,
      logger: pino({ level: 'silent' }),
    });
    try {
      return await rowLockSystem(postgres, users, removeData);
    } catch (error) {
      await postgres.stop();
      throw error;
    }
  } catch (error) {
    removeData();
    throw error;
  }
}

async function rowLockSystem(
  postgres: EmbeddedPostgres,
  users: number,
  removeData: () => void,
): Promise<GrabSystem> {
  const server = startHelper(new URL('./row-lock-process.ts', import.meta.url), {
    nodeOptions: ['--optimize-for-size'],
    env: {
      ROW_LOCK_DATABASE_URL: postgres.url,
      ROW_LOCK_USERS: String(users),
      ROW_LOCK_CONNECTIONS: String(rowLockConnections),
    },
  });
  try {
    const { url } = await server.next<{ url: string }>();
    const webSocketUrl = new URL('/ws', url).href.replace(/^http/, 'ws');
    const clients = await Promise.all(
      Array.from({ length: users }, (_, user) => connectRowLockClient(webSocketUrl, user)),
    );
    const clientOf = (user: number) => {
      const client = clients[user];
      if (client === undefined) throw new RangeError(`there is no user ${user}`);
      return client;
    };
    return {
      users,
      async sendPacket(size) {
        const reply = await clientOf(0).ask({ type: 'send', ...size });
        if ('packetId' in reply) return reply.packetId;
        throw new Error('a packet was not answered with its id');
      },
      async grab(user, packetId) {
        const reply = await clientOf(user).ask({ type: 'grab', packetId });
        if ('answer' in reply) return reply.answer;
        throw new Error('a grab was not answered');
      },
      checkMoney: () => checkRowLockMoney(postgres.url),
      async close() {
        for (const client of clients) client.close();
        await server.end();
        await postgres.stop();
        removeData();
      },
    };
  } catch (error) {
    await server.end();
    throw error;
  }
}

import { rmSync } from 'node:fs';
import { pino } from 'pino';
import { type EventNode, startEventNode } from '../../../infra/eventstore/embedded/node.ts';
import { createEventStoreEventLog } from '../../../infra/eventstore/eventstore-event-log.ts';
import type { EventLog } from '../../../src/commands/event-log.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const logger = pino({ level: 'silent' });
const runtime = systemRuntime();

/** Engines for commands to work on: an event node and a database, both empty. */
export interface Engines {
  readonly log: EventLog;
  readonly database: TestDatabase;
  /** What makes a command use them. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function startEngines(): Promise<Engines> {
  const folder = temporaryFolder();
  const node: EventNode = await startEventNode({
    dataDir: folder,
    host: '127.0.0.1',
    port: 0,
    logger,
    runtime,
  });
  const database = await createTestDatabase();
  const log = createEventStoreEventLog({ url: node.url, runtime, logger });
  return {
    log,
    database,
    env: { ESDB_URL: node.url, DATABASE_URL: database.url },
    async close() {
      await log.close();
      await node.close();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

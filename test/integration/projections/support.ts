import type pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, expect } from 'vitest';
import { createLeaseStore } from '../../../infra/postgres/lease-store.ts';
import type { EventLog, Position, RecordedEvent } from '../../../src/commands/event-log.ts';
import { allProjections } from '../../../src/projections/all-projections.ts';
import type { BusMessage, ChangeBus } from '../../../src/projections/bus.ts';
import { inProcessBus } from '../../../src/projections/in-process-bus.ts';
import { followPositions } from '../../../src/projections/projection-positions.ts';
import type { ProjectionRunner, RunnerDeps } from '../../../src/projections/runner.ts';
import { createProjectionRunner } from '../../../src/projections/runner.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { InMemoryEventLog } from '../../support/in-memory-event-log.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { expectedTables, tableNames } from '../../support/read-model-oracle.ts';
import { inOrder, readTables } from '../../support/read-tables.ts';

export const runtime = systemRuntime();
export const logger = pino({ level: process.env.TEST_LOG ?? 'silent' });

export interface ReadSide<Log extends EventLog = InMemoryEventLog> {
  readonly log: Log;
  readonly bus: ChangeBus;
  /** Every message that was published, in order. */
  readonly messages: readonly BusMessage[];
  readonly runner: ProjectionRunner;
  /** Waits until all read models hold the whole log. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** A running projector over a log in memory and a real database. */
export function startReadSide(
  pool: pg.Pool,
  overrides: Partial<RunnerDeps> & { readonly log?: InMemoryEventLog } = {},
): ReadSide {
  return readSideOn(overrides.log ?? new InMemoryEventLog(), pool, overrides);
}

export interface ReadSides {
  /** The test's own. */
  readonly database: TestDatabase;
  /** Starts one over the database, which is stopped when the test ends. */
  start(overrides?: Parameters<typeof startReadSide>[1]): ReadSide;
  /** Has one that was started otherwise stopped, too. */
  stopped<Side extends Pick<ReadSide, 'stop'>>(side: Side): Side;
}

/** A database for each test of the file and the read sides on it, which are stopped before it is dropped. */
export function readSides(): ReadSides {
  const sides: Pick<ReadSide, 'stop'>[] = [];
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    for (const side of sides.splice(0)) await side.stop();
    await database.drop();
  });
  const stopped: ReadSides['stopped'] = (side) => {
    sides.push(side);
    return side;
  };
  return {
    get database() {
      return database;
    },
    start: (overrides) => stopped(startReadSide(database.pool, overrides)),
    stopped,
  };
}

/** The same over any log. */
export function readSideOn<Log extends EventLog>(
  log: Log,
  pool: pg.Pool,
  overrides: Partial<RunnerDeps> = {},
): ReadSide<Log> {
  const bus = overrides.bus ?? inProcessBus(logger);
  const messages: BusMessage[] = [];
  bus.subscribe((message) => messages.push(message));
  const positions = followPositions(bus, runtime);
  const leases = createLeaseStore(pool);
  const runner = createProjectionRunner({ pool, runtime, logger, leases, ...overrides, log, bus });
  const names = (overrides.projections ?? allProjections).map(({ name }) => name);
  runner.start();
  return {
    log,
    bus,
    messages,
    runner,
    async settled() {
      const head = await log.head();
      await until(positions, names, head);
    },
    async stop() {
      await runner.stop();
      positions.close();
    },
  };
}

async function until(
  positions: ReturnType<typeof followPositions>,
  names: readonly string[],
  head: Position,
): Promise<void> {
  // Bounded waits in a row: the test's own timeout ends it.
  while (!(await positions.waitFor(names, head)));
}

/** Waits for a fact that nobody announces; the test's own timeout ends it. */
export async function untilTrue(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await runtime.timers.sleep(5);
}

/** Resolves with the first bus message that `matches`. */
export function nextMessage(bus: ChangeBus, matches: (message: BusMessage) => boolean): Promise<BusMessage> {
  return new Promise((resolve) => {
    const unsubscribe = bus.subscribe((message) => {
      if (!matches(message)) return;
      unsubscribe();
      resolve(message);
    });
  });
}

/** Every read table holds exactly what the independent fold of the log says. */
export async function expectTablesToEqualLog(pool: pg.Pool, events: Iterable<RecordedEvent>): Promise<void> {
  const actual = await readTables(pool);
  const expected = expectedTables(events);
  for (const table of tableNames) {
    expect(inOrder(actual.get(table)), `table ${table}`).toEqual(inOrder(expected.get(table)));
  }
}

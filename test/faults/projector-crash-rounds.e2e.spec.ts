import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../../infra/supervisor/child.ts';
import type { EventLog } from '../../src/commands/event-log.ts';
import { allProjections } from '../../src/projections/all-projections.ts';
import { loadGenerations } from '../../src/projections/generations.ts';
import { readStoredStatus } from '../../src/projections/read-status.ts';
import { rebuild } from '../../src/projections/rebuild/rebuild.ts';
import { sqlOn } from '../../src/projections/sql.ts';
import { aLog, type NodeProcess, nodeProcess, quiet, runtime } from '../integration/eventstore/support.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { fixedSteps, HistoryWriter } from '../support/random-history.ts';
import { differencesFromOracle } from '../support/read-tables.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';
import {
  killedChild,
  type ProjectorEngines,
  type RebuildProcess,
  startProjector,
  startRebuild,
} from './projector-processes.ts';

/** CI runs these; `PROJECTOR_CRASH_ROUNDS=100 npm test -- --tier e2e projector-crash` is the proof. */
const rounds = Number(process.env.PROJECTOR_CRASH_ROUNDS ?? '3');
/** `PROJECTOR_CRASH_SEED=7 ...` kills after the same numbers of events again. */
const seed = Number(process.env.PROJECTOR_CRASH_SEED ?? randomInt(1, 2 ** 31));
/** A kill comes so many appended events after the projector was seen at work; in a swap, after it began. */
const eventsBeforeKillMax = 120;
const eventsInSwapMax = 12;
/** Far above what a round takes. */
const roundTimeoutMs = 60_000;
/** The tables are compared with the log at the end, and each time so many rounds are over. */
const roundsPerComparison = 20;

describe(`projectors under load, killed with -9 in ${rounds} rounds (seed ${seed})`, () => {
  const folder = temporaryFolder();
  const { random } = virtualRuntime({ seed });
  let database: TestDatabase;
  let node: NodeProcess;
  let log: EventLog;
  let engines: ProjectorEngines;
  let projectors: Child[] = [];
  let rebuilding: RebuildProcess | undefined;
  let load: Load;

  beforeAll(async () => {
    [database, node] = await Promise.all([createTestDatabase(), nodeProcess(folder)]);
    engines = { databaseUrl: database.url, esdbUrl: node.url };
    log = aLog(node.url);
    load = startLoad(log);
  });

  afterAll(async () => {
    await load?.stop().catch(() => undefined);
    await rebuilding?.kill();
    for (const projector of projectors) await killedChild(projector);
    await log?.close();
    await node?.stop();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const drawn = (max: number): number => Math.floor(random.fraction() * (max + 1));

  /** Starts projectors until there are so many; stops none. */
  async function haveProjectors(count: number): Promise<void> {
    while (projectors.length < count) projectors.push(await startProjector(engines));
  }

  /** Until every partition of every projection has got beyond the log's end of now: somebody is at work on each. */
  async function untilAllAtWork(): Promise<void> {
    const head = await log.head();
    for (;;) {
      const live = (await readStoredStatus(database.pool)).filter(({ state }) => state === 'live');
      if (live.length > 0 && live.every(({ position }) => position >= head)) return;
      await load.appended(1);
    }
  }

  /** The leases of one that was killed run out at once: waiting for that is tested elsewhere. */
  async function forgetLeasesOf({ pid }: Child): Promise<void> {
    await database.pool.query('delete from hongbao_core.lease where owner like $1', [`%/${pid}#%`]);
  }

  async function killOne(): Promise<void> {
    const victim = projectors[drawn(projectors.length - 1)]!;
    await killedChild(victim);
    projectors = projectors.filter((projector) => projector !== victim);
    await forgetLeasesOf(victim);
  }

  async function expectOneLiveGenerationOfEach(round: number): Promise<void> {
    const live = (await loadGenerations(sqlOn(database.pool))).filter(({ state }) => state === 'live');
    const names = allProjections.map(({ name }) => name).sort();
    expect(live.map(({ name }) => name).sort(), `round ${round}`).toEqual(names);
  }

  it('leave rows that equal a replay, whoever dies when, also in a swap', {
    timeout: 300_000 + rounds * roundTimeoutMs,
  }, async () => {
    let swapsMet = 0;
    for (let round = 0; round < rounds; round += 1) {
      await haveProjectors(round % 2 === 0 ? 1 : 2);
      await untilAllAtWork();
      if (round % 3 === 2) {
        rebuilding = startRebuild(['wallet', 'messages', 'groups'], engines);
        await rebuilding.swapping;
        swapsMet += 1;
        await load.appended(drawn(eventsInSwapMax));
        // Which of the two dies first is drawn too.
        const deaths = [() => rebuilding!.kill(), killOne];
        if (drawn(1) === 1) deaths.reverse();
        for (const death of deaths) {
          await death();
          await load.appended(drawn(eventsInSwapMax));
        }
      } else {
        await load.appended(drawn(eventsBeforeKillMax));
        await killOne();
      }
      await expectOneLiveGenerationOfEach(round);
      if ((round + 1) % roundsPerComparison === 0 && round + 1 < rounds) {
        await haveProjectors(1);
        await load.pause(async () => {
          expect(await differencesFromOracle(engines), `after round ${round}`).toEqual([]);
        });
      }
    }
    await load.stop();
    await haveProjectors(1);
    expect(await differencesFromOracle(engines)).toEqual([]);

    const head = await log.head();
    const stored = (await readStoredStatus(database.pool)).filter(({ state }) => state === 'live');
    expect(stored.filter(({ position, failure }) => position !== head || failure !== null)).toEqual([]);
    expect(swapsMet).toBe(Math.floor(rounds / 3));
    // What the killed rebuilds left behind goes with the next one.
    await rebuild({ log, pool: database.pool, runtime, logger: quiet }, allProjections);
    const generations = await loadGenerations(sqlOn(database.pool));
    expect(generations.filter(({ state }) => state !== 'live')).toEqual([]);
    expect(await differencesFromOracle(engines)).toEqual([]);
  });
});

interface Load {
  /** Resolves when so many more events are in the log than now; rejects when the load has failed. */
  appended(count: number): Promise<void>;
  /** Runs `work` while nothing is appended. */
  pause(work: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** Appends a drawn history without end, one event after the other. */
function startLoad(log: EventLog): Load {
  let stopping = false;
  let count = 0;
  let pausing: Promise<unknown> = Promise.resolve();
  let wake: () => void = () => undefined;
  const counting: EventLog = {
    append: async (...args) => {
      await pausing;
      const result = await log.append(...args);
      count += args[2].length;
      wake();
      return result;
    },
    readStream: (...args) => log.readStream(...args),
    readAll: (...args) => log.readAll(...args),
    subscribe: (...args) => log.subscribe(...args),
    head: () => log.head(),
    close: () => log.close(),
  };
  const writing = (async () => {
    const writer = new HistoryWriter(counting);
    for (let salt = 1; !stopping; salt += 1) await writer.play(fixedSteps(5, salt));
  })();
  writing.catch(() => undefined);
  return {
    async appended(more) {
      const goal = count + more;
      while (count < goal) {
        await Promise.race([
          new Promise<void>((resolve) => {
            wake = resolve;
          }),
          writing,
        ]);
      }
    },
    async pause(work) {
      const over = Promise.withResolvers<void>();
      pausing = over.promise;
      await work().finally(over.resolve);
    },
    async stop() {
      stopping = true;
      await writing;
    },
  };
}

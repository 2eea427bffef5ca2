import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { defineBench } from '../harness/bench.ts';
import { figure, medians } from '../harness/figures.ts';
import { type BenchEngines, startBenchEngines } from '../harness/bench-engines.ts';
import { startHelper } from '../harness/helper-process.ts';
import { atLeast, atMost, exactly, type Figures } from '../harness/report.ts';
import { percentile } from '../harness/statistics.ts';
import { readMix } from '../world/mix.ts';
import { Workload } from '../world/workload.ts';
import type { Measured, Task } from './projector-process.ts';
import { ReadLoad } from './read-load.ts';
import { tablesUnlikeReplay } from './replay-check.ts';

const projectorProcess = new URL('./projector-process.ts', import.meta.url);
const mebibyte = 2 ** 20;
/** Reads are timed this long while nothing else goes on. */
const quietMs = 20_000;
/** Events of a transaction of the second peer. */
const peerBatchEvents = 500;

/**
 * `bench rebuild`: how fast all read models are built again from a log, beside plain projectors over the same log, and
 * what readers feel of it.
 */
export const rebuildBench = defineBench({
  name: 'rebuild',
  measures: 'events per second of a rebuild of all read models, and what reads feel of it',
  options: {
    events: { default: 500_000, min: 1_000, means: 'events of the log' },
    'peer-events': { default: 10_000, min: 100, means: 'events that each plain projector projects' },
    'max-rate': { default: 5_000, min: 100, means: 'events/s of the rebuild that gives way to reads' },
    runs: { default: 3, min: 1, means: 'rebuilds with each number of workers' },
  },

  async run({ events, 'peer-events': peerEvents, 'max-rate': maxRate, runs }, note) {
    const engines = await startBenchEngines();
    try {
      const { log, pool } = engines;
      const mix = readMix();
      const written = await new Workload(log, mix).write(events, (done) =>
        note(`wrote ${done} of ${events} events`),
      );
      const total = Object.values(written).reduce((sum, count) => sum + count, 0);

      const one: Figures[] = [];
      const two: Figures[] = [];
      for (let run = 1; run <= runs; run++) {
        one.push(await measure(engines, { kind: 'rebuild', workers: 1, eventsPerSecondMax: 0 }));
        two.push(await measure(engines, { kind: 'rebuild', workers: 2, eventsPerSecondMax: 0 }));
        note(`run ${run} of ${runs}`);
      }
      const unlike = await tablesUnlikeReplay(log, pool);
      for (const table of unlike) note(`${table} is not as a replay makes it`);
      const peers = {
        'a transaction per event': await measure(engines, oneByOne(1, peerEvents)),
        'a statement per event': await measure(engines, oneByOne(peerBatchEvents, peerEvents)),
      };
      note('timing reads');
      const reads = await measureReads(engines, pool, maxRate);
      const [figures, twoWorkers] = [medians(one), medians(two)];
      const fastest = Math.max(figure(figures, 'eventsPerSecond'), figure(twoWorkers, 'eventsPerSecond'));
      const peak = Math.max(figure(figures, 'peakMiB'), figure(twoWorkers, 'peakMiB'));
      return {
        config: {
          events: total,
          ...mix,
          'peer-events': peerEvents,
          'max-rate': maxRate,
          runs,
          peerBatchEvents,
        },
        figures: { ...figures, ...reads },
        peers: { 'with 2 workers': twoWorkers, ...peers },
        targets: [
          atLeast('events/s, 1 or 2 workers', fastest, 20_000),
          atMost('peak memory of the rebuild, MiB', peak, 512),
          exactly('tables unlike a replay', unlike.length, 0),
          atMost(
            'p99 of reads beside a rebuild with --max-rate, times that without one',
            figure(reads, 'readMsP99Paced') / figure(reads, 'readMsP99Quiet'),
            2,
          ),
        ],
      };
    } finally {
      await engines.close();
    }
  },
});

const oneByOne = (eventsPerTransaction: number, eventsMax: number): Task => ({
  kind: 'one-by-one',
  eventsPerTransaction,
  eventsMax,
});

/** Lets a process of its own do the task. Processor times are per event. */
async function measure({ node, postgres, env }: BenchEngines, task: Task): Promise<Figures> {
  const nodeBeforeMs = node.cpuMs();
  const postgresBeforeMs = postgres.cpuMs();
  const helper = startHelper(projectorProcess, {
    env: { ...env, TASK: JSON.stringify(task) },
  });
  const measured = await helper.next<Measured>();
  const postgresMs = postgres.cpuMs() - postgresBeforeMs;
  const nodeMs = node.cpuMs() - nodeBeforeMs;
  await helper.end();
  const { events, ms, cpuMs, split, peakBytes } = measured;
  const perEvent = (time: number): number => (time * 1_000) / events;
  return {
    eventsPerSecond: (events * 1_000) / ms,
    projectorUs: perEvent(cpuMs),
    readUs: perEvent(split.read),
    foldUs: perEvent(split.fold),
    writeUs: perEvent(split.write),
    otherUs: perEvent(split.other),
    garbageCollectionUs: perEvent(split.garbageCollection),
    postgresUs: perEvent(postgresMs),
    eventNodeUs: perEvent(nodeMs),
    peakMiB: peakBytes / mebibyte,
  };
}

/** Reads at a steady rate: alone, beside a rebuild that gives way, and beside one that does not. */
async function measureReads(
  engines: BenchEngines,
  pool: pg.Pool,
  maxRate: number,
): Promise<Record<string, number>> {
  const load = await ReadLoad.open(pool);
  const beside = async (eventsPerSecondMax: number): Promise<number[]> =>
    load.during(measure(engines, { kind: 'rebuild', workers: 1, eventsPerSecondMax }));
  await load.during(sleep(1_000));
  const quiet = await load.during(sleep(quietMs));
  const paced = await beside(maxRate);
  const full = await beside(0);
  return {
    readMsP50Quiet: percentile(quiet, 50),
    readMsP99Quiet: percentile(quiet, 99),
    readMsP50Paced: percentile(paced, 50),
    readMsP99Paced: percentile(paced, 99),
    readMsP50FullSpeed: percentile(full, 50),
    readMsP99FullSpeed: percentile(full, 99),
  };
}

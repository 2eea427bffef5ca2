import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineBench } from '../harness/bench.ts';
import { figure, medians } from '../harness/figures.ts';
import { inParallel } from '../harness/in-parallel.ts';
import { atLeast, atMost, type Figures } from '../harness/report.ts';
import { percentile } from '../harness/statistics.ts';
import type { AppendSystem } from './append-system.ts';
import { startEventNodeSystem, startStorelessSystem } from './event-node-system.ts';
import { startLmdbSystem } from './lmdb-system.ts';
import { postgresConnections, startPostgresSystem } from './postgres-system.ts';
import { ownCpuMs } from '../harness/process-cpu.ts';

const batchEvents = 100;
/** Streams of the reads; those of the appends are numbered from here on. */
const readStreams = 2;

/** How many streams are written at once, with how many events an append. */
const appendShapes = [
  { name: 'single1', atOnce: 1, events: 1 },
  { name: 'single64', atOnce: 64, events: 1 },
  { name: 'single512', atOnce: 512, events: 1 },
  { name: 'batch1', atOnce: 1, events: batchEvents },
  { name: 'batch8', atOnce: 8, events: batchEvents },
] as const;

const names = ['node', 'postgres', 'lmdb', 'storeless'] as const;
type Name = (typeof names)[number];

/**
 * `bench append`: how fast events become durable, and are read, over the port that hongbao uses, beside a table in
 * PostgreSQL, LMDB alone, and a node that keeps nothing.
 */
export const append = defineBench({
  name: 'append',
  measures: 'durable appends, reads and deliveries of the event node, against PostgreSQL and LMDB',
  options: {
    appends: { default: 4_000, min: 64, means: 'single-event appends of a run at 64 and 512 at once' },
    events: { default: 20_000, min: 1_000, means: 'events that are read in a run' },
    rounds: { default: 100, min: 1, means: 'events whose delivery to a subscriber is timed in a run' },
    runs: { default: 3, min: 1, means: 'runs of each system, in turns' },
  },

  async run(size, note) {
    const runsOf: Record<Name, Figures[]> = { node: [], postgres: [], lmdb: [], storeless: [] };
    for (let run = 1; run <= size.runs; run++) {
      for (const name of names) runsOf[name].push(await measureOnce(name, size));
      note(`run ${run} of ${size.runs}`);
    }
    const [node, postgres, lmdb, storeless] = names.map((name) => medians(runsOf[name]));
    if (node === undefined || postgres === undefined || lmdb === undefined || storeless === undefined) {
      throw new Error('a system was not measured');
    }
    return {
      config: { ...size, batchEvents, postgresConnections, freshDataEachRun: true },
      figures: node,
      peers: { 'PostgreSQL INSERT': postgres, 'LMDB alone': lmdb, 'a node that keeps nothing': storeless },
      targets: [
        atLeast(
          'single-event appends/s at 64',
          figure(node, 'single64PerSecond'),
          figure(postgres, 'single64PerSecond'),
        ),
        atLeast('events/s in appends of 100', figure(node, 'batch8EventsPerSecond'), 20_000),
        atLeast('events/s read of a stream', figure(node, 'readStreamPerSecond'), 20_000),
        atLeast('events/s read of the log', figure(node, 'readAllPerSecond'), 20_000),
        atLeast('events/s caught up', figure(node, 'catchUpPerSecond'), 20_000),
        atMost('node CPU per read event, us', figure(node, 'readAllServerUs'), 10),
        atMost('append to subscriber at rest, p50 ms', figure(node, 'deliveryMsP50'), 5),
      ],
    };
  },
});

interface Size {
  readonly appends: number;
  readonly events: number;
  readonly rounds: number;
}

async function measureOnce(name: Name, size: Size): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-bench-'));
  try {
    const system = await start(name, folder);
    try {
      return { ...(await measureAppends(system, size)), ...(await measureReads(system, size)) };
    } finally {
      await system.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function start(name: Name, folder: string): Promise<AppendSystem> {
  switch (name) {
    case 'node':
      return startEventNodeSystem(folder);
    case 'postgres':
      return startPostgresSystem(folder);
    case 'lmdb':
      return startLmdbSystem(folder);
    case 'storeless':
      return startStorelessSystem();
  }
}

async function measureAppends(system: AppendSystem, { appends }: Size): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  let stream = readStreams;
  // Compiles code and opens connections.
  await appendAll(system, stream, 64, 640, 1);
  for (const { name, atOnce, events } of appendShapes) {
    stream += atOnce;
    const count = atOnce === 1 || events > 1 ? Math.ceil(appends / 20) : appends;
    const { ms, serverUs, clientUs, latencies } = await timed(system, count * events, () =>
      appendAll(system, stream, atOnce, count, events),
    );
    const perSecond = (count * events * 1_000) / ms;
    figures[`${name}${events > 1 ? 'Events' : ''}PerSecond`] = perSecond;
    figures[`${name}MsP50`] = percentile(latencies, 50);
    figures[`${name}MsP99`] = percentile(latencies, 99);
    figures[`${name}ServerUs`] = serverUs;
    figures[`${name}ClientUs`] = clientUs;
  }
  return figures;
}

/** Answers each append's latency, ms. */
async function appendAll(
  system: AppendSystem,
  firstStream: number,
  atOnce: number,
  appends: number,
  events: number,
): Promise<number[]> {
  const latencies: number[] = [];
  const each = Math.ceil(appends / atOnce);
  await inParallel(atOnce, atOnce, async (writer) => {
    for (let turn = 0; turn < each && writer + turn * atOnce < appends; turn++) {
      const startedMs = performance.now();
      await system.append(firstStream + writer, events);
      latencies.push(performance.now() - startedMs);
    }
  });
  return latencies;
}

async function measureReads(system: AppendSystem, { events, rounds }: Size): Promise<Record<string, number>> {
  const { reads } = system;
  if (reads === undefined) return {};
  for (let written = 0; written < events; written += batchEvents) await system.append(0, batchEvents);
  const figures: Record<string, number> = {};
  const measure = async (name: string, read: () => Promise<number>): Promise<void> => {
    await read();
    let found = 0;
    const { ms, serverUs, clientUs } = await timed(system, 1, async () => {
      found = await read();
      return [];
    });
    figures[`${name}PerSecond`] = (found * 1_000) / ms;
    figures[`${name}ServerUs`] = serverUs / found;
    figures[`${name}ClientUs`] = clientUs / found;
  };
  await measure('readStream', () => reads.readStream(0));
  await measure('readAll', () => reads.readAll());
  const { catchUp } = reads;
  if (catchUp !== undefined) await measure('catchUp', () => catchUp());
  if (system.delivery !== undefined) {
    const delays = await system.delivery(rounds);
    figures.deliveryMsP50 = percentile(delays, 50);
    figures.deliveryMsP99 = percentile(delays, 99);
  }
  return figures;
}

/** Time and processor time of some work; the latter per event, us. */
async function timed(system: AppendSystem, events: number, work: () => Promise<number[]>) {
  const [startedMs, serverMs, clientMs] = [performance.now(), system.serverCpuMs(), ownCpuMs()];
  const latencies = await work();
  return {
    ms: performance.now() - startedMs,
    serverUs: ((system.serverCpuMs() - serverMs) * 1_000) / events,
    clientUs: ((ownCpuMs() - clientMs) * 1_000) / events,
    latencies,
  };
}

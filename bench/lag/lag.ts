import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog, NewEvent, Position } from '../../src/commands/event-log.ts';
import { defineBench } from '../harness/bench.ts';
import { startBenchEngines } from '../harness/bench-engines.ts';
import { type Helper, startHelper } from '../harness/helper-process.ts';
import { atMost } from '../harness/report.ts';
import { percentile } from '../harness/statistics.ts';
import { readMix } from '../world/mix.ts';
import { Workload } from '../world/workload.ts';
import type { Shown } from './projector-process.ts';

const projectorProcess = new URL('./projector-process.ts', import.meta.url);

/** Which projection shows an event, by the category of its stream. Those of other categories are not timed. */
const shownBy: Readonly<Record<string, string>> = {
  conversation: 'messages',
  receipts: 'cursors',
  wallet: 'wallet',
  packet: 'packets',
  friendship: 'friends',
  account: 'accounts',
  group: 'groups',
};

interface Append {
  readonly stream: string;
  readonly events: readonly NewEvent[];
}

interface Timed {
  readonly projection: string;
  readonly position: Position;
  readonly appendedAtMs: number;
}

/** `bench lag`: how long after an append its rows are there, at a steady rate, in one projector process. */
export const lag = defineBench({
  name: 'lag',
  measures: 'time from an append to its rows in PostgreSQL, at a steady rate of events',
  options: {
    rate: { default: 1_000, min: 1, means: 'events per second' },
    seconds: { default: 60, min: 1, means: 'how long events come at that rate' },
    world: { default: 20_000, min: 1_000, means: 'events of the log before that' },
  },

  async run({ rate, seconds, world }, note) {
    const engines = await startBenchEngines();
    let projector: Helper | undefined;
    try {
      const appends = await decided(world + rate * seconds);
      const before = cut(appends, world);
      note(`writing ${world} events`);
      for (const { stream, events } of appends.slice(0, before)) await write(engines.log, stream, events);
      projector = startHelper(projectorProcess, { env: engines.env });
      const shown: Shown[] = [];
      projector.process.on('message', (message) => shown.push(message as Shown));
      await untilShown(engines.log, shown);
      note(`${seconds} seconds at ${rate} events/s`);
      shown.length = 0;
      const timed = await appendAtRate(engines.log, appends.slice(before), rate);
      await untilShown(engines.log, shown);
      const lags = lagsOf(timed, shown);
      return {
        config: { rate, seconds, world, ...readMix() },
        figures: {
          timedEvents: lags.length,
          eventsPerSecond: lags.length / seconds,
          lagMsP50: percentile(lags, 50),
          lagMsP95: percentile(lags, 95),
          lagMsP99: percentile(lags, 99),
          lagMsMax: percentile(lags, 100),
        },
        peers: {},
        targets: [
          atMost('append to row, p50 ms', percentile(lags, 50), 20),
          atMost('append to row, p99 ms', percentile(lags, 99), 100),
        ],
      };
    } finally {
      await projector?.end();
      await engines.close();
    }
  },
});

/** What a world of so many events appends, one command at a time. */
async function decided(events: number): Promise<Append[]> {
  const appends: Append[] = [];
  const recorder: Pick<EventLog, 'append'> = {
    append: async (stream, _expected, added) => {
      appends.push({ stream, events: added });
      return { kind: 'appended', revision: 0, position: 0n };
    },
  };
  await new Workload(recorder, readMix(), 1).write(events, () => {});
  return appends;
}

/** How many appends have the first so many events. */
function cut(appends: readonly Append[], events: number): number {
  let counted = 0;
  return appends.findIndex(({ events: some }) => {
    counted += some.length;
    return counted >= events;
  });
}

async function write(log: EventLog, stream: string, events: readonly NewEvent[]): Promise<Position> {
  const result = await log.append(stream, 'any', events);
  if (result.kind !== 'appended') throw new Error(`append to ${stream}: ${JSON.stringify(result)}`);
  return result.position;
}

/** Begins each append when it is due, whatever became of those before it. */
async function appendAtRate(log: EventLog, appends: readonly Append[], rate: number): Promise<Timed[]> {
  const timed: Timed[] = [];
  const writes: Promise<void>[] = [];
  const startedMs = performance.now();
  let due = 0;
  for (const { stream, events } of appends) {
    const waitMs = startedMs + (due * 1_000) / rate - performance.now();
    due += events.length;
    if (waitMs > 1) await sleep(waitMs);
    const appendedAtMs = performance.timeOrigin + performance.now();
    const projection = shownBy[stream.slice(0, stream.indexOf('-'))];
    writes.push(
      write(log, stream, events).then((position) => {
        if (projection !== undefined)
          timed.push(...events.map(() => ({ projection, position, appendedAtMs })));
      }),
    );
  }
  await Promise.all(writes);
  return timed;
}

/** Resolves when the rows of every projection that had events show the log's newest ones. */
async function untilShown(log: EventLog, shown: readonly Shown[]): Promise<void> {
  const newest = new Map<string, Position>();
  for await (const { stream, position } of log.readAll()) {
    const projection = shownBy[stream.slice(0, stream.indexOf('-'))];
    if (projection !== undefined) newest.set(projection, position);
  }
  for (const [projection, position] of newest) {
    while (!shown.some((one) => one.projection === projection && BigInt(one.position) >= position))
      await sleep(20);
  }
}

/** From each append to the first commit that shows it, ms. */
function lagsOf(timed: readonly Timed[], shown: readonly Shown[]): number[] {
  const commitsOf = Map.groupBy(shown, (one) => one.projection);
  const byPosition = [...timed].sort((one, other) => Number(one.position - other.position));
  const lags: number[] = [];
  for (const [projection, events] of Map.groupBy(byPosition, (one) => one.projection)) {
    const commits = commitsOf.get(projection) ?? [];
    let next = 0;
    for (const { position, appendedAtMs } of events) {
      while (BigInt(commits[next]?.position ?? position) < position) next++;
      const commit = commits[next];
      if (commit !== undefined) lags.push(commit.atMs - appendedAtMs);
    }
  }
  return lags;
}

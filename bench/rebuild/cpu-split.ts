import { type Profiler, Session } from 'node:inspector/promises';

/** Between two samples, us. */
const samplingIntervalUs = 500;

/** What a process did with its main thread's time, ms. */
export type CpuSplit = Readonly<Record<Work | 'garbageCollection', number>>;
type Work = 'read' | 'fold' | 'write' | 'other';

/**
 * Which work a file belongs to, by where it is. Reading is everything from the socket to an event in its newest
 * shape; writing is everything from rows to the socket.
 */
const places: readonly (readonly [RegExp, Work])[] = [
  [/-fold\.ts$|-projection\.ts$|\/domain\//, 'fold'],
  [/node_modules\/pg|bulk-rows|copy-|\/sql\.ts$|transaction\.ts$|shadow-writer/, 'write'],
  [/infra\/eventstore|db-client|grpc|protobuf|http2|feed-entry|upcast|projected-event/, 'read'],
];

/** Samples this process's main thread while `work` runs, and sorts the time by what it was spent on. */
export async function withCpuSplit<T>(work: () => Promise<T>): Promise<{ result: T; split: CpuSplit }> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: samplingIntervalUs });
    await session.post('Profiler.start');
    const result = await work();
    const { profile } = await session.post('Profiler.stop');
    return { result, split: splitOf(profile) };
  } finally {
    session.disconnect();
  }
}

function splitOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): CpuSplit {
  const work = new Map<number, Work | 'idle' | 'garbageCollection'>();
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const workOf = (id: number): Work | 'idle' | 'garbageCollection' => {
    const { functionName = '', url = '' } = byId.get(id)?.callFrame ?? {};
    if (functionName === '(idle)') return 'idle';
    if (functionName === '(garbage collector)') return 'garbageCollection';
    // The innermost frame that says something counts: Node's own functions work for whoever called them.
    const place = places.find(([pattern]) => pattern.test(url));
    if (place !== undefined) return place[1];
    const parent = parents.get(id);
    return parent === undefined ? 'other' : workOf(parent);
  };
  const split = { read: 0, fold: 0, write: 0, other: 0, garbageCollection: 0, idle: 0 };
  samples.forEach((id, index) => {
    const known = work.get(id) ?? workOf(id);
    work.set(id, known);
    split[known] += (timeDeltas[index] ?? 0) / 1_000;
  });
  const { idle: _, ...busy } = split;
  return busy;
}

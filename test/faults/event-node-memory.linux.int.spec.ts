/** The node's memory does not grow with the number of its streams and events. Reads Linux's accounts of it. */
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { nodeProcess, runtime, temporaryFolder } from '../integration/eventstore/support.ts';
import { writeStreams } from './event-node/batch-load.ts';

/** `EVENT_NODE_STREAMS=5000000 npm test -- --all --tier int event-node-memory` is the proof. */
const streamCount = Number(process.env.EVENT_NODE_STREAMS ?? '200000');
const every = Math.ceil(streamCount / 20);
/** What garbage that is not yet collected may add. 2.5 million streams at 100 bytes each would be 238 MiB. */
const growthMaxMiB = 192;
const secondsPerStream = 1 / 500;

const folder = temporaryFolder();
afterAll(() => folder.remove());

test(
  `${streamCount} streams`,
  async () => {
    const node = await nodeProcess(folder.path);
    const beganMs = runtime.clock.monotonicMs();
    const anonymous: number[] = [];
    await writeStreams(node.url, streamCount, every, (acknowledged) => {
      const seconds = (runtime.clock.monotonicMs() - beganMs) / 1_000;
      const memory = memoryOf(node.child.pid!);
      anonymous.push(memory.anonymousMiB);
      process.stdout.write(
        `streams ${acknowledged}, ${seconds.toFixed(0)} s: RssAnon ${memory.anonymousMiB} MiB, ` +
          `VmRSS ${memory.residentMiB} MiB, of which file pages ${memory.fileMiB} MiB\n`,
      );
    });
    expect(await node.stop()).toBe(0);
    // In the first half the bounded caches fill and the heap finds its size, which takes about 100,000 streams.
    const half = Math.ceil(anonymous.length / 2);
    const warm = Math.max(...anonymous.slice(0, half));
    expect(Math.max(...anonymous.slice(half))).toBeLessThan(warm + growthMaxMiB);
  },
  60_000 + streamCount * secondsPerStream * 1_000,
);

/** What the process has for itself, and what of the data file is mapped, which the system takes back at will. */
function memoryOf(pid: number) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (name: string): number =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024);
  return {
    anonymousMiB: mebibytes('RssAnon'),
    residentMiB: mebibytes('VmRSS'),
    fileMiB: mebibytes('RssFile'),
  };
}

import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { KeptChild } from '../../../infra/supervisor/kept-child.ts';
import { limits } from '../../../src/config/limits.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';

const { startsFailedMax } = limits.supervisor;
const file = fileURLToPath(new URL('fixtures/child.ts', import.meta.url));
const serves = '{"listening":"http://here"}';
const saysWhy = '{"failed":"The oven is cold."}';
const saysNothing = '';

/** Keeps a child whose starts go as told, the last of them again and again. Nobody waits between two starts. */
function keep(starts: readonly (readonly [says: string, then: 'end' | 'stay'])[]) {
  const runtime = systemRuntime();
  const end = Promise.withResolvers<string>();
  let started = 0;
  const child = new KeptChild({
    name: 'child',
    command: () => {
      const args = starts[Math.min(started, starts.length - 1)] ?? [];
      started += 1;
      if (started === starts.length && args[1] === 'stay') end.resolve('started as often as planned');
      return { name: 'child', file, args };
    },
    stderr: 'ignore',
    onSpawn: () => undefined,
    onMessage: () => undefined,
    onGaveUp: end.resolve,
    runtime: { ...runtime, timers: { ...runtime.timers, sleep: () => Promise.resolve() } },
    logger: pino({ level: 'silent' }),
  });
  return { child, ended: end.promise, starts: () => started };
}

describe('a child that is kept', () => {
  it('is given up when it has never served in so many starts', async () => {
    const { child, ended, starts } = keep([[saysNothing, 'end']]);
    expect(await child.start()).toBe(false);
    expect(await ended).toBe('child ended before it was ready (exit code 1).');
    expect(starts()).toBe(startsFailedMax);
  });

  it('is given up at once when it says why it cannot serve', async () => {
    const { child, ended, starts } = keep([[saysWhy, 'stay']]);
    expect(await child.start()).toBe(false);
    expect(starts()).toBe(1);
    expect(await ended).not.toBe('');
  });

  it('is started again for ever once it has served, whatever it says', async () => {
    const fails = Array.from({ length: startsFailedMax + 1 }, (_, index) => {
      return [index % 2 === 0 ? saysNothing : saysWhy, 'end'] as const;
    });
    const { child, ended } = keep([[serves, 'end'], ...fails, [serves, 'stay']]);
    expect(await child.start()).toBe(true);
    expect(await ended).toBe('started as often as planned');
    await child.stop(limits.supervisor.childStopMs);
  });
});

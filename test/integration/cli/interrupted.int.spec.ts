import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../engines/supervised-server.ts';
import { type Engines, startEngines } from './support.ts';

const mainFile = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
let engines: Engines;

beforeEach(async () => {
  engines = await startEngines();
});
afterEach(() => engines.close());

/** Runs `work` while no other session gets at the read models' bookkeeping; gives it a function that waits until one tries. */
async function holdingGenerations(work: (someoneWaits: () => Promise<void>) => Promise<void>): Promise<void> {
  const { pool } = engines.database;
  const holder = await pool.connect();
  try {
    await holder.query('begin; lock table projection.generation in access exclusive mode');
    await work(() =>
      until(async () => {
        const { rows } = await pool.query(
          `select from pg_locks where relation = 'projection.generation'::regclass and not granted`,
        );
        return rows.length > 0;
      }),
    );
  } finally {
    await holder.query('rollback');
    holder.release();
  }
}

describe.each(['rebuild', 'rebuild --verify', 'audit'])('hongbao %s', (words) => {
  it('is given up on a signal, of which copies may come, and leaves nothing behind', async () => {
    const child = spawn(process.execPath, [mainFile, ...words.split(' ')], {
      env: { ...process.env, ...engines.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const exited = once(child, 'exit');
    const lines = createInterface({ input: child.stderr })[Symbol.asyncIterator]();

    await holdingGenerations(async (someoneWaits) => {
      await someoneWaits();
      // The terminal sends it to every process of its group, and those pass it on.
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGINT'] as const) child.kill(signal);
      expect((await lines.next()).value).toBe('giving up; Ctrl-C again ends at once');
    });

    expect((await lines.next()).value).toBe('hongbao: Aborted: what was not swapped in yet is as it was.');
    expect(await exited).toEqual([3, null]);
    const { rows } = await engines.database.pool.query(
      `select name from projection.generation where state not in ('live', 'dropped')`,
    );
    expect(rows).toEqual([]);
  });
});

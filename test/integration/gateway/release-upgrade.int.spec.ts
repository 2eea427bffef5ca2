import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** In a process of its own: only there the garbage collector can be asked to run. */
it('an open WebSocket keeps nothing of its upgrade in memory', async () => {
  const script = fileURLToPath(new URL('../../gateway/support/upgrade-leftovers.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script]);
  expect(JSON.parse(stdout)).toEqual({ seen: 20, request: 0, reply: 0, raw: 0, open: 20 });
});

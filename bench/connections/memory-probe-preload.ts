/**
 * Loaded into the server under measurement with `--import`, next to its own program: collects garbage when it is
 * asked to over a local socket, and answers what V8 says of its memory. It costs both servers the same.
 *
 * `NODE_OPTIONS` reaches every process that a server starts; only the program that BENCH_PROBE_PROGRAM names is
 * probed.
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { writeHeapSnapshot } from 'node:v8';

const { BENCH_PROBE_SOCKET: socketPath, BENCH_PROBE_PROGRAM: program } = process.env;
if (socketPath !== undefined && basename(process.argv[1] ?? '') === program) listen(socketPath);

function listen(path: string): void {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (request) => {
      void answer(request.toString()).then((text) => socket.end(text));
    });
  });
  // A process of the run before may have left its socket behind.
  rmSync(path, { force: true });
  server.listen(path).unref();
}

async function answer(request: string): Promise<string> {
  const [command, file] = request.split(' ');
  if (command === 'snapshot') return JSON.stringify({ file: writeHeapSnapshot(file) });
  await collectGarbage();
  return JSON.stringify({ pid: process.pid, ...process.memoryUsage() });
}

/** Several times, with turns of the event loop between: finalizers and weak references free more each time. */
async function collectGarbage(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error('start the server with --expose-gc');
  for (let round = 0; round < 4; round += 1) {
    // The flavour that also gives pages back to the system, without which RSS shows the peak and not the rest.
    globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await nextTurn();
  }
}

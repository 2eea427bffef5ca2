import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { temporaryFolder } from './temporary-folder.ts';

/** A real Redis of the test's own, which keeps nothing on disk. */
export interface TestRedis {
  readonly url: string;
  stop(): Promise<void>;
  /** Starts it again, on the same port, after `stop`. */
  start(): Promise<void>;
  /** Stops it for good. */
  close(): Promise<void>;
}

export async function startRedis(): Promise<TestRedis> {
  const folder = temporaryFolder();
  const port = await freePort();
  let server: ChildProcess | undefined = await startOn(port, folder);
  const stop = async (): Promise<void> => {
    if (server === undefined) return;
    const ended = once(server, 'exit');
    server.kill();
    server = undefined;
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    stop,
    async start() {
      server = await startOn(port, folder);
    },
    async close() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function startOn(port: number, folder: string): Promise<ChildProcess> {
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  const child = spawn('redis-server', [...args, '--pidfile', join(folder, 'pid')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('Ready to accept connections')) return child;
  }
  throw new Error('redis-server ended before it was ready');
}

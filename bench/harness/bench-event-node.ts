import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BenchEngine } from './bench-engine.ts';
import { processCpuMs } from './process-cpu.ts';

const embeddedNode = new URL('../../infra/eventstore/embedded/main.ts', import.meta.url);

/** An event node in a process of its own, on any free port; `file` is the program of another one than ours. */
export async function startBenchEventNode(dataDir: string, file: URL = embeddedNode): Promise<BenchEngine> {
  const child = fork(fileURLToPath(file), ['--data', dataDir, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, LOG_LEVEL: 'silent' },
    execArgv: [],
  });
  if (child.stdout === null) throw new Error('the node has no output');
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>,
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the node ended with ${code}`))),
  ]);
  return {
    url: JSON.parse(line).listening,
    cpuMs: () => processCpuMs(child.pid ?? 0),
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

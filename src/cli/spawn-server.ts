import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface SpawnedServer {
  /** Where it serves. */
  readonly url: string;
  readonly process: ChildProcess;
  /** Ctrl-C: resolves with the exit code when it and all that it started are gone. */
  stop(): Promise<number | null>;
}

const mainFile = fileURLToPath(new URL('./main.ts', import.meta.url));

/**
 * Runs `hongbao up` as a child and resolves when it says that it is ready.
 * Rejects with what it wrote to stderr when it ends before that.
 */
export async function spawnServer(env: Readonly<Record<string, string | undefined>>): Promise<SpawnedServer> {
  const child = spawn(process.execPath, [mainFile, 'up'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let complaints = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints = `${complaints}${chunk.toString()}`.slice(-10_000);
  });
  const url = await new Promise<string>((resolve, reject) => {
    if (child.stdout === null) return reject(new Error('the server has no stdout'));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /ready at (http:\S+)/.exec(line);
      if (ready?.[1] !== undefined) resolve(ready[1]);
    });
    void ended.then((code) => reject(new Error(`the server ended with ${code}: ${complaints}`)));
  });
  return {
    url,
    process: child,
    stop() {
      child.kill('SIGINT');
      return ended;
    },
  };
}

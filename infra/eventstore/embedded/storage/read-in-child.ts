import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface ChildReading {
  /** Hears what the child sends. */
  readonly onMessage?: (message: unknown) => void;
  /** Gives it up. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a script of this folder that reads a data file: in a process that nobody needs, since reading a damaged
 * file may end whoever reads it. Answers what went wrong, in a few words, or undefined.
 */
export async function readInChild(
  script: string,
  words: readonly string[],
  { onMessage, signal }: ChildReading = {},
): Promise<string | undefined> {
  const file = join(import.meta.dirname, script);
  const child = fork(file, words, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-4_096);
  });
  if (onMessage !== undefined) child.on('message', onMessage);
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', kill, { once: true });
  const [code, endedBy] = await once(child, 'close');
  signal?.removeEventListener('abort', kill);
  if (code === 0) return undefined;
  if (endedBy !== null) return `reading it ended with ${endedBy}`;
  const [sentence] = /^\w*Error.*$/m.exec(complaint) ?? [`reading it failed with ${code}`];
  return sentence;
}

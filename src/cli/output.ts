import { once } from 'node:events';
import { isReaderGone } from '../../infra/reader-gone.ts';

/** Data goes to stdout, everything about the work itself to stderr: `hongbao replay --json | jq` stays clean. */
export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * Listens for output that cannot be written; to be called before anything is. A reader that has seen enough (`| head`)
 * is no fault: the command does its work to the end, and its exit code says what came of it.
 */
export function watchOutput(): void {
  process.stdout.on('error', goOnWithoutReader);
  process.stderr.on('error', goOnWithoutReader);
}

/** For a command whose work is its output: without a reader of stdout it ends, well. */
export function endWithReader(): void {
  process.stdout.off('error', goOnWithoutReader);
  process.stdout.on('error', (error) => {
    if (isReaderGone(error)) process.exit(0);
    throw error;
  });
}

function goOnWithoutReader(error: NodeJS.ErrnoException): void {
  if (!isReaderGone(error)) throw error;
}

/**
 * Waits while stdout's buffer is full, so that a long replay into a slow pipe stays small in memory. An aborted
 * signal ends the wait: whoever stops a command does not wait for a reader that has stopped reading.
 */
export async function stdoutReady(signal?: AbortSignal): Promise<void> {
  if (!process.stdout.writableNeedDrain) return;
  await once(process.stdout, 'drain', signal && { signal }).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
  });
}

/** Resolves when all that was printed has been handed to the system, or has no reader. */
export async function stdoutWritten(): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
}

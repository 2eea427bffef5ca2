/** Data goes to stdout, everything about the work itself to stderr: `hongbao replay --json | jq` stays clean. */
export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A reader that has seen enough (`| head`) closes the pipe: that is no fault. */
export function exitQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** Waits while stdout's buffer is full, so that a long replay into a slow pipe stays small in memory. */
export async function stdoutReady(): Promise<void> {
  if (!process.stdout.writableNeedDrain) return;
  await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
}

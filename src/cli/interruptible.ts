import { listenForStop } from '../../infra/supervisor/stop-signals.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { CliError, exitCodes } from './cli-error.ts';
import { note } from './output.ts';

/**
 * Runs `work` with a signal that Ctrl-C, SIGTERM or SIGHUP aborts, so that it can leave things as they were.
 * Asked again, the process ends at once; the copies of one key press count as one (see `listenForStop`).
 *
 * @throws CliError instead of the signal's reason, when `work` rejects with that.
 */
export async function interruptible<T>(
  runtime: Runtime,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const stopListening = listenForStop(runtime, (request) => {
    if (request === 'again') process.exit(exitCodes.unavailable);
    note('giving up; Ctrl-C again ends at once');
    abort.abort();
  });
  try {
    return await work(abort.signal);
  } catch (error) {
    const gaveUp = abort.signal.aborted && error === abort.signal.reason;
    throw gaveUp ? new CliError('Aborted.', exitCodes.unavailable) : error;
  } finally {
    stopListening();
  }
}

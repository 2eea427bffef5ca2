import { limits } from '../../src/config/limits.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';

/** Somebody wants us to stop: for the first time, or `again` because it takes too long. */
export type StopRequest = 'first' | 'again';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Reports requests to stop: signals, and the end of our parent's IPC channel when we have one. Returns a
 * function that ends the reporting.
 *
 * One Ctrl-C may arrive several times: the terminal sends it to the whole process group, and npm and our own
 * bin script pass on what they got. So a signal soon after the first one is its echo and not a second request.
 */
export function listenForStop(runtime: Runtime, report: (request: StopRequest) => void): () => void {
  let firstAtMs: number | undefined;
  const onRequest = (): void => {
    const nowMs = runtime.clock.monotonicMs();
    if (firstAtMs === undefined) {
      firstAtMs = nowMs;
      report('first');
    } else if (nowMs - firstAtMs >= limits.supervisor.signalEchoMs) {
      report('again');
    }
  };
  for (const signal of signals) process.on(signal, onRequest);
  process.on('disconnect', onRequest);
  return () => {
    for (const signal of signals) process.off(signal, onRequest);
    process.off('disconnect', onRequest);
  };
}

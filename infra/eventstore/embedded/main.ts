/**
 * The embedded event node as a process: `node main.ts --data DIR [--port N] [--host H]`.
 *
 * Prints one JSON line, `{"listening":"esdb://..."}`, on stdout when it serves; logs go to stderr. SIGTERM,
 * SIGINT, the end of a parent's IPC channel, and an operator's call of `Operations.Shutdown` stop it in order. When
 * it cannot start it exits with 1 and says why: a sentence on stderr, and `{"failed": "..."}` on stdout for a
 * supervisor.
 */
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { logDestination } from '../../log-destination.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { startEventNode } from './node.ts';
import { startFailureSentence } from './start-failure.ts';

const usage = 'usage: main.ts --data DIR [--port N] [--host H]';

async function main(): Promise<void> {
  const logger = pino({ name: 'event-node', level: process.env.LOG_LEVEL ?? 'info' }, logDestination(2));
  const { values } = parseArgs({
    options: { data: { type: 'string' }, port: { type: 'string' }, host: { type: 'string' } },
  });
  const port = Number(values.port ?? '0');
  if (values.data === undefined || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(usage);
  const node = await startEventNode({
    dataDir: values.data,
    host: values.host ?? '127.0.0.1',
    port,
    logger,
    runtime: systemRuntime(),
  });

  const stop = (): void => void node.close();
  node.stopped.then(
    () => process.exit(0),
    (error: unknown) => {
      logger.error({ err: error }, 'the event node did not stop cleanly');
      process.exit(1);
    },
  );
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // A parent that was killed cannot ask for anything any more; its channel ends with it.
  if (process.connected) process.on('disconnect', stop);
  process.stdout.write(`${JSON.stringify({ listening: node.url })}\n`);
}

main().catch((error: unknown) => {
  const failed = startFailure(error);
  process.stderr.write(`${failed}\n`);
  process.stdout.write(`${JSON.stringify({ failed })}\n`);
  process.exitCode = 1;
});

/** A sentence for what a user can do something about; the whole error for the rest. */
function startFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message === usage) return usage;
  return startFailureSentence(error) ?? error.stack ?? error.message;
}

/**
 * The process that keeps one embedded PostgreSQL: `node keeper.ts --folder DIR [--port N] [--volatile]`.
 *
 * It exists so that PostgreSQL never outlives whoever wanted it. Its parent holds an IPC channel to it; when
 * that closes - the parent was killed, with -9 too - or on SIGTERM, it stops the server and ends. When the
 * server ends by itself the keeper ends with exit code 1, for its supervisor to start both again. When the
 * keeper itself is killed, the next one on the folder stops the server that it left.
 *
 * On stdout, one JSON line: `{"listening": url, "adminUrl": url}` when queries are answered, or
 * `{"failed": sentence}` before exit code 1. The log goes to stderr.
 */
import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { logDestination } from '../../log-destination.ts';
import { startEmbeddedPostgres } from './start-postgres.ts';

const { values } = parseArgs({
  options: { folder: { type: 'string' }, port: { type: 'string' }, volatile: { type: 'boolean' } },
});
if (values.folder === undefined) throw new Error('usage: keeper.ts --folder DIR [--port N] [--volatile]');

const logger = pino({ level: process.env.HONGBAO_LOG_LEVEL ?? 'info', name: 'postgres' }, logDestination(2));

const stopping = new AbortController();
const stop = (): void => stopping.abort(new Error('asked to stop'));
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop);

try {
  const engine = await startEmbeddedPostgres({
    folder: values.folder,
    ...(values.port === undefined ? {} : { port: Number(values.port) }),
    durable: !values.volatile,
    runtime: systemRuntime(),
    logger,
    signal: stopping.signal,
  });
  stopping.signal.addEventListener('abort', () => void engine.stop(), { once: true });
  if (stopping.signal.aborted) await engine.stop();
  else say({ listening: engine.url, adminUrl: engine.adminUrl });
  await engine.ended;
  process.exitCode = stopping.signal.aborted ? 0 : 1;
} catch (error) {
  process.exitCode = stopping.signal.aborted ? 0 : 1;
  if (!stopping.signal.aborted) say({ failed: error instanceof Error ? error.message : String(error) });
}
// Not left to the event loop: a backend that outlives its server keeps the pipe of the log open.
process.exit();

function say(line: Readonly<Record<string, string>>): void {
  try {
    writeSync(1, `${JSON.stringify(line)}\n`);
  } catch {
    // Nobody reads any more. That the parent is gone is learnt from the channel.
    stop();
  }
}

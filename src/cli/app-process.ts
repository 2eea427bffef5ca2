/**
 * One application process, as the supervisor or an operator starts it: settings by environment, with nothing
 * left open. Says where it listens, or why it cannot, as a line of JSON on stdout (infra/supervisor/child-line.ts).
 */
import { pino } from 'pino';
import { logDestination } from '../../infra/log-destination.ts';
import type { SupervisorChannel } from '../../infra/supervisor/supervisor-bus.ts';
import { portTaken } from '../../infra/supervisor/run-supervisor.ts';
import { loadSettings } from '../config/settings.ts';
import { systemRuntime } from '../runtime/system-runtime.ts';
import { type AppSettings, startApp } from './app.ts';

const settings = loadSettings(process.env);
const logger = pino({ level: settings.logLevel }, logDestination(2));

try {
  const app = await startApp(complete(settings), systemRuntime(), logger, supervisorChannel());
  say({ listening: app.url });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void app.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop);
} catch (error) {
  logger.error({ err: error }, 'the application could not start');
  say({ failed: sentenceOf(error) });
  process.exit(1);
}

/** The line to a supervisor that passes bus messages on, where that is the bus. */
function supervisorChannel(): SupervisorChannel | undefined {
  if (process.send === undefined || settings.projectors === 0) return undefined;
  return {
    send: (line, done) => process.send?.(line, undefined, undefined, done),
    on: (event, listener) => process.on(event, listener),
    off: (event, listener) => process.off(event, listener),
  };
}

/** Why it could not start. The port was free when the supervisor looked, which was a while ago. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isTaken = 'code' in error && error.code === 'EADDRINUSE';
  return isTaken ? portTaken(settings.port, settings.host) : error.message;
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function complete({ esdbUrl, databaseUrl, masterKey, ...others }: typeof settings): AppSettings {
  if (esdbUrl === undefined || databaseUrl === undefined || masterKey === undefined) {
    throw new Error('An application process by itself needs ESDB_URL, DATABASE_URL and HONGBAO_MASTER_KEY.');
  }
  return { ...others, esdbUrl, databaseUrl, masterKey };
}

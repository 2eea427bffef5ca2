import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { startEventNode } from '../../../infra/eventstore/embedded/node.ts';
import type { TlsIdentity } from '../../../infra/eventstore/embedded/grpc/open-port.ts';
import { startFailureSentence } from '../../../infra/eventstore/embedded/start-failure.ts';
import { logDestination } from '../../../infra/log-destination.ts';
import { listenForStop } from '../../../infra/supervisor/stop-signals.ts';
import { logLevels } from '../../config/settings.ts';
import { systemRuntime } from '../../runtime/system-runtime.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { note, printLine } from '../output.ts';

export interface EventstoreOptions {
  readonly data?: string;
  readonly port: string;
  readonly host: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly insecure?: boolean;
  readonly json?: boolean;
}

/** `hongbao eventstore`. Answers the exit code when the node has stopped. */
export async function eventstoreCommand(options: EventstoreOptions, logLevel = 'info'): Promise<number> {
  if (options.data === undefined) throw new CliError('An event node needs --data, the folder of its events.');
  const port = parsePort(options.port);
  const tls = tlsOf(options);
  if (!logLevels.some((level) => level === logLevel)) {
    throw new CliError(`HONGBAO_LOG_LEVEL must be one of ${logLevels.join(', ')}.`);
  }
  const runtime = systemRuntime();
  const node = await startEventNode({
    dataDir: options.data,
    host: options.host,
    port,
    ...(tls !== undefined && { tls, secure: true }),
    logger: pino({ name: 'event-node', level: logLevel }, logDestination(2)),
    runtime,
  }).catch((error: unknown) => {
    throw startFailure(error);
  });
  const stopListening = listenForStop(runtime, (request) => {
    if (request === 'again') process.exit(exitCodes.unavailable);
    note('stopping; Ctrl-C again ends at once');
    void node.close();
  });
  printLine(options.json === true ? JSON.stringify({ listening: node.url }) : `listening ${node.url}`);
  await node.stopped;
  stopListening();
  return exitCodes.ok;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new CliError(`--port takes a port from 0 (any free one) to 65535, not ${text}.`);
}

/** What TLS is served with; undefined for plain text that was asked for. */
function tlsOf({ tlsCert, tlsKey, insecure }: EventstoreOptions): TlsIdentity | undefined {
  if (insecure === true) {
    if (tlsCert === undefined && tlsKey === undefined) return undefined;
    throw new CliError('--insecure serves plain text: leave it out, or --tls-cert and --tls-key.');
  }
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new CliError(
      'An event node needs --tls-cert and --tls-key, or --insecure to serve plain text and check nothing.',
    );
  }
  return { certificate: readText(tlsCert), key: readText(tlsKey) };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`${file} cannot be read: ${why}.`, exitCodes.unavailable);
  }
}

function startFailure(error: unknown): unknown {
  const sentence = startFailureSentence(error);
  if (sentence !== undefined) return new CliError(sentence, exitCodes.unavailable);
  const isOpenSsl = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_OSSL');
  if (!isOpenSsl) return error;
  return new CliError(`The certificate and the key cannot be used: ${error.message}.`);
}

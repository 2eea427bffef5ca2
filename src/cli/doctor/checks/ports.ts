import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listenerOn } from '../../../../infra/supervisor/port-listener.ts';
import { portIsFree } from '../../../../infra/supervisor/loopback-port.ts';
import type { Check } from '../check.ts';
import { type Finding, ok, problem, skipped, warning, wordsOf } from '../finding.ts';
import { isJsonObject } from '../json-shapes.ts';

/** Whether the port to serve on is free or is our own server's, and so are those that the embedded engines keep. */
export const portsCheck: Check = {
  name: 'port',
  async look({ settings, folder }) {
    if (settings === undefined) return [skipped('The settings are wrong.')];
    const { port, host, dataFolder } = settings;
    // While somebody is at work on the folder, the engines have them.
    const engines = folder.kind === 'free' ? await lookAtKeptPorts(join(dataFolder, 'ports.json')) : [];
    if (port === 0) return [ok('Any free port is taken (HONGBAO_PORT is 0).'), ...engines];
    const own = folder.kind === 'serving' && new URL(folder.endpoints.httpUrl).port === String(port);
    return [judgePort({ port, host, own, ...(await look(port, host)) }), ...engines];
  },
};

export interface PortFacts {
  readonly port: number;
  readonly host: string;
  /** Whether the server on the data folder has it. */
  readonly own: boolean;
  readonly state: 'free' | 'taken' | 'impossible';
  /** Who has it, or why nobody can. */
  readonly what: string | undefined;
}

async function look(port: number, host: string): Promise<Pick<PortFacts, 'state' | 'what'>> {
  try {
    if (await portIsFree(port, host)) return { state: 'free', what: undefined };
    return { state: 'taken', what: listenerOn(port) };
  } catch (error) {
    return { state: 'impossible', what: wordsOf(error) };
  }
}

const isKeptPorts = (kept: unknown): kept is Readonly<Record<string, number>> =>
  isJsonObject(kept) && Object.values(kept).every(Number.isInteger);

/** The embedded engines' ports that somebody else has. */
async function lookAtKeptPorts(file: string): Promise<readonly Finding[]> {
  const kept: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  if (!isKeptPorts(kept)) return [problem(`${file} is no list of ports.`, 'Delete it: it is made again.')];
  const found = await Promise.all(
    Object.entries(kept).map(async ([engine, port]) => ({
      engine,
      port,
      ...(await look(port, '127.0.0.1')),
    })),
  );
  return found
    .filter(({ state }) => state !== 'free')
    .map(({ engine, port, what }) =>
      warning(
        `Port ${port} of the embedded engine "${engine}" is taken by ${what ?? 'another program'}.`,
        'The next start takes another one. Stop that program first if others know the engine by its port.',
      ),
    );
}

export function judgePort({ port, host, own, state, what }: PortFacts): Finding {
  const place = `Port ${port} on ${host}`;
  if (own) return ok(`${place} is served by the server on the data folder.`);
  if (state === 'free') return ok(`${place} is free.`);
  if (state === 'taken') {
    return problem(
      `${place} is taken by ${what ?? 'another program'}.`,
      'Stop that, or set HONGBAO_PORT to another port.',
    );
  }
  return problem(
    `${place} cannot be served on: ${what ?? 'no reason was given'}.`,
    'Set HONGBAO_HOST and HONGBAO_PORT to what this machine has.',
  );
}

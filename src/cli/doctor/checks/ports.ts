import { listenerOn } from '../../../../infra/supervisor/port-listener.ts';
import { portIsFree } from '../../../../infra/supervisor/loopback-port.ts';
import type { Check } from '../check.ts';
import { type Finding, ok, problem, skipped, wordsOf } from '../finding.ts';

/** Whether the port to serve on is free, or is our own server's. */
export const portsCheck: Check = {
  name: 'port',
  async look({ settings, folder }) {
    if (settings === undefined) return [skipped('The settings are wrong.')];
    const { port, host } = settings;
    if (port === 0) return [ok('Any free port is taken (HONGBAO_PORT is 0).')];
    const own = folder.kind === 'serving' && new URL(folder.endpoints.httpUrl).port === String(port);
    return [judgePort({ port, host, own, ...(await look(port, host)) })];
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

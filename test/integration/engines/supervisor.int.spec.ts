import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeCluster } from '../../../infra/postgres/embedded/placement.ts';
import type { Endpoints } from '../../../infra/supervisor/endpoints.ts';
import { readEndpoints } from '../../../infra/supervisor/endpoints.ts';
import { freeLoopbackPort } from '../../../infra/supervisor/loopback-port.ts';
import { limits } from '../../../src/config/limits.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import {
  ask,
  childPids,
  isAlive,
  type SupervisedServer,
  startSupervised,
  until,
} from './supervised-server.ts';

let dataFolder: string;
let servers: SupervisedServer[];

beforeEach(() => {
  dataFolder = temporaryFolder();
  servers = [];
});

afterEach(async () => {
  for (const server of servers) {
    server.process.kill('SIGTERM');
    await server.exited;
  }
  removeCluster(join(dataFolder, 'postgres'));
  rmSync(dataFolder, { recursive: true, force: true });
});

function start(app: string, port?: number, lastWorkSeconds?: number): SupervisedServer {
  const server = startSupervised(dataFolder, app, port, lastWorkSeconds);
  servers.push(server);
  return server;
}

async function startReady(
  app = 'small-app',
  lastWorkSeconds?: number,
): Promise<SupervisedServer & { endpoints: Endpoints }> {
  const server = start(app, undefined, lastWorkSeconds);
  const said = await server.next();
  if (said.ready === undefined) throw new Error(`expected it to be ready: ${JSON.stringify(said)}`);
  return { ...server, endpoints: said.ready };
}

const appEnds = (): string => readFileSync(join(dataFolder, 'app-ends'), 'utf8');

describe('the supervisor', () => {
  it('starts the engines and the application, and says where they are', async () => {
    const { endpoints } = await startReady();
    expect(await ask(endpoints.httpUrl, 'POST')).toBe(1);
    expect(endpoints.databaseUrl).toMatch(/^postgres:\/\/hongbao:.{32}@127\.0\.0\.1:\d+\/hongbao$/);
    expect(endpoints.esdbUrl).toMatch(/^esdb:\/\/127\.0\.0\.1:\d+\?tls=false$/);
    expect(readEndpoints(dataFolder)).toEqual(endpoints);
  });

  it('stops the application before its engines, leaves no process, and keeps the data', async () => {
    const first = await startReady();
    await ask(first.endpoints.httpUrl, 'POST');
    const pids = childPids(dataFolder);

    first.process.kill('SIGTERM');
    expect(await first.next()).toEqual({ ended: { kind: 'asked' } });
    expect(Object.values(pids).filter(isAlive)).toEqual([]);
    expect(appEnds()).toBe('asked with its database\n');
    expect(existsSync(join(dataFolder, 'endpoints.json'))).toBe(false);
    await first.exited;

    const second = await startReady();
    expect(await ask(second.endpoints.httpUrl)).toBe(1);
    expect(second.endpoints.databaseUrl).toBe(first.endpoints.databaseUrl);
    expect(second.endpoints.esdbUrl).toBe(first.endpoints.esdbUrl);
  });

  it('takes the copies of one Ctrl-C for one, so that the application can finish', async () => {
    // Longer than a hurried child gets.
    const server = await startReady('small-app', (2 * limits.supervisor.childHurriedStopMs) / 1000);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGINT'] as const) server.process.kill(signal);
    expect(await server.next()).toEqual({ ended: { kind: 'asked' } });
    expect(appEnds()).toBe('asked with its database\n');
  });

  it.each(['app', 'events', 'keeper', 'server'] as const)(
    'starts %s again after kill -9, where it was, and lets the others be',
    async (victim) => {
      const { endpoints } = await startReady();
      await ask(endpoints.httpUrl, 'POST');
      const before = childPids(dataFolder);

      process.kill(before[victim], 'SIGKILL');
      await until(() => !isAlive(before[victim]));
      const record = victim === 'server' ? 'keeper' : victim;
      await until(() => childPids(dataFolder)[record] !== before[record]);
      await until(async () => (await ask(endpoints.httpUrl)) === 1);

      const others = (['app', 'events'] as const).filter((name) => name !== victim);
      for (const name of others) expect(childPids(dataFolder)[name]).toBe(before[name]);
    },
  );

  it('takes its children along when it is killed with -9', async () => {
    const { endpoints, process: supervisor } = await startReady();
    await ask(endpoints.httpUrl, 'POST');
    const pids = childPids(dataFolder);
    supervisor.kill('SIGKILL');
    await until(() => !Object.values(pids).some(isAlive));

    const again = await startReady();
    expect(await ask(again.endpoints.httpUrl)).toBe(1);
  });

  it('starts at once after a kill -9, seeing off what is left', async () => {
    const { endpoints, process: supervisor } = await startReady();
    await ask(endpoints.httpUrl, 'POST');
    const pids = childPids(dataFolder);
    // With its keeper killed too, nobody is left to stop PostgreSQL.
    supervisor.kill('SIGKILL');
    process.kill(pids.keeper, 'SIGKILL');

    const again = await startReady();
    expect(Object.values(pids).filter(isAlive)).toEqual([]);
    expect(await ask(again.endpoints.httpUrl)).toBe(1);
  });

  it('refuses a second start on the same data with a sentence, and the first goes on', async () => {
    const first = await startReady();
    const said = await start('small-app').next();
    expect(said.refused).toMatch(/^Another hongbao already runs on the data in .+\. Stop it first/);
    expect(await ask(first.endpoints.httpUrl)).toBe(0);
  });

  it('refuses a taken port with a sentence, before it starts anything', async () => {
    const port = await freeLoopbackPort(systemRuntime().random);
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
    const said = await start('small-app', port).next();
    expect(said.refused).toBe(
      `Port ${port} on 127.0.0.1 is taken by another program. Stop that, or set HONGBAO_PORT to another port.`,
    );
    expect(existsSync(join(dataFolder, 'children.json'))).toBe(false);
    await new Promise((resolve) => holder.close(resolve));
  });

  it('stops everything when the application says why it cannot start, and passes the sentence on', async () => {
    const said = await start('failing-app').next();
    expect(said).toEqual({ ended: { kind: 'failed', sentence: 'The oven is cold. Light it.' } });
    expect(existsSync(join(dataFolder, 'postgres/cluster/postmaster.pid'))).toBe(false);
  });

  it('kills a child that does not stop, at once when it is asked a second time', async () => {
    const server = await startReady('stubborn-app');
    const pids = childPids(dataFolder);
    const askedAtMs = performance.now();
    server.process.kill('SIGINT');
    const ended = server.next();
    // Later than an echo of the first, long before the patience of the first runs out.
    await systemRuntime().timers.sleep(800);
    expect(isAlive(pids.app)).toBe(true);
    server.process.kill('SIGINT');
    expect(await ended).toEqual({ ended: { kind: 'asked' } });
    expect(performance.now() - askedAtMs).toBeLessThan(limits.supervisor.childStopMs);
    expect(Object.values(pids).filter(isAlive)).toEqual([]);
  });
});

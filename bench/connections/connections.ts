import type { Client } from '../../src/client/index.ts';
import { limits } from '../../src/config/limits.ts';
import { protocolVersion } from '../../src/protocol/version.ts';
import { defineBench } from '../harness/bench.ts';
import { type BenchData, benchData } from '../harness/bench-server.ts';
import { registerCrowd } from '../harness/crowd.ts';
import { startHelper } from '../harness/helper-process.ts';
import { UsageError } from '../harness/options.ts';
import { atMost, type Figures } from '../harness/report.ts';
import { median } from '../harness/statistics.ts';
import { type Connector, startConnector } from './connector.ts';
import { type ConnectionCost, measureConnections } from './measure-connections.ts';
import { memoryProbe } from './memory-probe.ts';

/** docs/architecture.md: what an idle connection may cost. */
const rssBytesMax = 4096;

/**
 * `bench connections`: the memory of an idle, authenticated WebSocket connection of the whole server, against
 * @fastify/websocket as it comes.
 */
export const connections = defineBench({
  name: 'connections',
  measures: 'RSS per idle WebSocket connection, against @fastify/websocket as it comes (Linux)',
  options: {
    connections: { default: 8_000, min: 1, means: 'connections per server' },
    users: { default: 500, min: 1, means: 'users that they are spread over' },
    runs: { default: 3, min: 1, means: 'runs, each with fresh processes of both servers' },
    'idle-seconds': { default: 3, min: 0, means: 'how long all are idle before the measurement' },
  },

  async run({ connections: count, users, runs, 'idle-seconds': idleSeconds }, note) {
    refuseUnmeasurable(count, users);
    const data = benchData();
    const connector = startConnector();
    const ours: ConnectionCost[] = [];
    const peers: ConnectionCost[] = [];
    try {
      const crowd = await registeredCrowd(data, users, note);
      for (let run = 1; run <= runs; run += 1) {
        const options = { count, idleSeconds };
        ours.push(await measureOurs(data, connector, crowd, options));
        note(`run ${run} of ${runs}: hongbao ${rounded(ours.at(-1))} bytes per connection`);
        peers.push(await measurePeer(data, connector, crowd, options));
        note(`run ${run} of ${runs}: @fastify/websocket ${rounded(peers.at(-1))} bytes per connection`);
      }
    } finally {
      await connector.end();
      data.remove();
    }
    const rssBytes = median(ours.map((cost) => cost.rssBytes));
    return {
      config: {
        connections: count,
        users,
        runs,
        idleSeconds,
        nodeOptions: '--optimize-for-size --expose-gc',
      },
      figures: figuresOf(ours),
      peers: {
        '@fastify/websocket': {
          ...figuresOf(peers),
          ratioOfRss: median(peers.map((cost) => cost.rssBytes)) / rssBytes,
        },
      },
      targets: [atMost('RSS bytes per idle connection, median of runs', Math.round(rssBytes), rssBytesMax)],
    };
  },
});

function refuseUnmeasurable(count: number, users: number): void {
  if (process.platform !== 'linux') {
    throw new UsageError('This bench reads memory from /proc: it runs on Linux.');
  }
  const room = users * limits.gateway.connectionsPerUserMax;
  if (count > room) {
    throw new UsageError(
      `A user may have ${limits.gateway.connectionsPerUserMax} connections: ${users} users have ${room}.`,
    );
  }
  if (users > count) throw new UsageError('There are more users than connections.');
}

/** Registers the users on a server of their own, so that no measured process has hashed passwords. */
async function registeredCrowd(
  data: BenchData,
  users: number,
  note: (line: string) => void,
): Promise<Client[]> {
  const server = await data.start();
  try {
    note(`registering ${users} users ...`);
    return await registerCrowd(server.url, users);
  } finally {
    await server.stop();
  }
}

interface Options {
  readonly count: number;
  readonly idleSeconds: number;
}

async function measureOurs(
  data: BenchData,
  connector: Connector,
  crowd: readonly Client[],
  options: Options,
) {
  const probe = memoryProbe(data.folder, 'app-process.ts');
  // `hongbao up` runs its application with --optimize-for-size by itself.
  const server = await data.start(probe.env);
  try {
    const webSocketUrl = webSocketUrlOf(server.url);
    return await measureConnections({ webSocketUrl, probe }, connector, {
      ...options,
      hellos: hellosOf(crowd),
    });
  } finally {
    await server.stop();
  }
}

async function measurePeer(
  data: BenchData,
  connector: Connector,
  crowd: readonly Client[],
  options: Options,
) {
  const probe = memoryProbe(data.folder, 'peer-process.ts');
  const peer = startHelper(new URL('./peer-process.ts', import.meta.url), {
    nodeOptions: ['--optimize-for-size'],
    env: probe.env,
  });
  try {
    const { url } = await peer.next<{ url: string }>();
    const webSocketUrl = webSocketUrlOf(url);
    return await measureConnections({ webSocketUrl, probe }, connector, {
      ...options,
      hellos: hellosOf(crowd),
    });
  } finally {
    await peer.end();
  }
}

function hellosOf(crowd: readonly Client[]): string[] {
  return crowd.map((client) => {
    const token = client.session?.tokens.accessToken ?? '';
    return JSON.stringify({ id: 0, type: 'hello', data: { protocol: protocolVersion, token, cursors: {} } });
  });
}

function webSocketUrlOf(url: string): string {
  return new URL('/ws', url).href.replace(/^http/, 'ws');
}

function figuresOf(costs: readonly ConnectionCost[]): Figures {
  const of = (name: keyof ConnectionCost): number => Math.round(median(costs.map((cost) => cost[name])));
  return {
    rssBytesPerConnection: of('rssBytes'),
    heapBytesPerConnection: of('heapBytes'),
    externalBytesPerConnection: of('externalBytes'),
    rssBytesPerConnectionOfRuns: costs.map(({ rssBytes }) => Math.round(rssBytes)),
  };
}

function rounded(cost: ConnectionCost | undefined): string {
  return cost === undefined ? '-' : Math.round(cost.rssBytes).toLocaleString('en-US');
}

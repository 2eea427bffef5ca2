/** `Operations`, `Monitoring`, `Gossip` and `Projections` on a node that checks access. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CancelledError, EventStoreDBClient, jsonEvent, START } from '@eventstore/db-client';
import monitoring from '@eventstore/db-client/generated/monitoring_pb.js';
import operations from '@eventstore/db-client/generated/operations_pb.js';
import projections from '@eventstore/db-client/generated/projections_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openAccess } from '../../../../infra/eventstore/embedded/access/access.ts';
import { anonymous, type Caller } from '../../../../infra/eventstore/embedded/access/caller.ts';
import { startGrpcServer } from '../../../../infra/eventstore/embedded/grpc/grpc-server.ts';
import { grpcStatus } from '../../../../infra/eventstore/embedded/grpc/grpc-status.ts';
import { startEventNode } from '../../../../infra/eventstore/embedded/node.ts';
import { NodeMetrics } from '../../../../infra/eventstore/embedded/operations/node-metrics.ts';
import { operationsService } from '../../../../infra/eventstore/embedded/operations/operations-service.ts';
import type { Scavenger } from '../../../../infra/eventstore/embedded/operations/scavenger.ts';
import { aNode, quiet, runtime, temporaryFolder } from '../support.ts';
import { admin, type Credentials, ops, type RawConnection, rawConnection } from './raw-call.ts';
import { aStream, someEvents, take } from './support.ts';

const diskBytes = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).blocks * 512, 0);

const OPERATIONS = '/event_store.client.operations.Operations';
const STATS = '/event_store.client.monitoring.Monitoring/Stats';

let node: RawConnection;
let close: () => Promise<void>;
beforeAll(async () => {
  const started = await aNode({ secure: true });
  node = rawConnection(started.node.port);
  close = started.close;
});
afterAll(async () => {
  node.close();
  await close();
});
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const operate = (method: string, by?: Credentials, connection = node) =>
  connection.call(`${OPERATIONS}/${method}`, shared.Empty, new shared.Empty(), by);
const denied = { status: grpcStatus.permissionDenied, trailers: { exception: 'access-denied' } };

describe('operations', () => {
  test.each(['MergeIndexes', 'ResignNode', 'SetNodePriority', 'RestartPersistentSubscriptions'])(
    '%s is answered to operators and administrators, and changes nothing',
    async (method) => {
      for (const by of [ops, admin]) {
        expect(await operate(method, by)).toMatchObject({ status: grpcStatus.ok, messages: [{}] });
      }
      expect(await operate(method)).toMatchObject(denied);
    },
  );

  test('Shutdown by nobody in particular is denied, and nothing stops', async () => {
    expect(await operate('Shutdown')).toMatchObject(denied);
    expect(await operate('MergeIndexes', ops)).toMatchObject({ status: grpcStatus.ok });
  });

  test('Shutdown is answered, cancels the calls under way, and stops the node with all it had taken', async () => {
    const { node: stopping, close: remove } = await aNode();
    cleanups.push(remove);
    const client = EventStoreDBClient.connectionString(stopping.url);
    await client.appendToStream(aStream(), someEvents(3));
    const subscription = client.subscribeToAll({ fromPosition: START });
    await new Promise((resolve) => subscription.once('caughtUp', resolve));
    const underWay = expect(take(subscription)).rejects.toThrow(CancelledError);
    const connection = rawConnection(stopping.port);
    cleanups.push(() => connection.close());
    expect(await operate('Shutdown', undefined, connection)).toMatchObject({ status: grpcStatus.ok });
    await underWay;
    await stopping.stopped;
  });
});

describe('scavenging', () => {
  /** A server with a scavenger that does as the test says, for whoever calls. */
  async function served(
    scavenger: Scavenger,
    caller: Caller | undefined = undefined,
  ): Promise<RawConnection> {
    const server = await startGrpcServer({
      host: '127.0.0.1',
      port: 0,
      handlers: new Map(
        operationsService({ shutdown: () => {}, restartPersistentSubscriptions: async () => {}, scavenger }),
      ),
      identify: caller === undefined ? openAccess.identify : () => caller,
      metrics: new NodeMetrics(),
      pages: new Map(),
      timers: runtime.timers,
      logger: quiet,
    });
    const connection = rawConnection(server.port);
    cleanups.push(
      () => server.close(async () => {}),
      () => connection.close(),
    );
    return connection;
  }
  const start = async (connection: RawConnection) => {
    const request = new operations.StartScavengeReq().setOptions(new operations.StartScavengeReq.Options());
    const answer = await connection.call(`${OPERATIONS}/StartScavenge`, operations.ScavengeResp, request);
    return { ...answer, scavenge: answer.messages[0]?.toObject() };
  };
  const stop = async (connection: RawConnection, id: string) => {
    const options = new operations.StopScavengeReq.Options().setScavengeId(id);
    const request = new operations.StopScavengeReq().setOptions(options);
    const answer = await connection.call(`${OPERATIONS}/StopScavenge`, operations.ScavengeResp, request);
    return { ...answer, scavenge: answer.messages[0]?.toObject() };
  };
  const { STARTED, INPROGRESS, STOPPED } = operations.ScavengeResp.ScavengeResult;

  /** Runs until it is stopped. */
  function endless(): Scavenger {
    let running = false;
    return {
      start: () => {
        const result = running ? 'in-progress' : 'started';
        running = true;
        return { id: 'first', result };
      },
      stop: async (id) => {
        if (!running || id !== 'first') return 'not-found';
        running = false;
        return 'stopped';
      },
    };
  }

  test('is begun once, and stopped by its id', async () => {
    const connection = await served(endless());
    expect((await start(connection)).scavenge).toEqual({ scavengeId: 'first', scavengeResult: STARTED });
    expect((await start(connection)).scavenge).toEqual({ scavengeId: 'first', scavengeResult: INPROGRESS });
    expect((await stop(connection, 'first')).scavenge).toEqual({
      scavengeId: 'first',
      scavengeResult: STOPPED,
    });
  });

  test('gives the space of deleted streams back to the disk', async () => {
    const folder = temporaryFolder();
    const options = { dataDir: folder.path, host: '127.0.0.1', port: 0, logger: quiet, runtime };
    const own = await startEventNode(options);
    cleanups.push(folder.remove, () => own.close());
    const client = EventStoreDBClient.connectionString(own.url);
    const big = () => jsonEvent({ type: 'Big', data: { text: 'x'.repeat(5_000) } });
    for (let append = 0; append < 20; append++) {
      await client.appendToStream('big', Array.from({ length: 50 }, big));
    }
    await client.deleteStream('big');
    const before = diskBytes(folder.path);
    const connection = rawConnection(own.port);
    cleanups.push(() => connection.close());
    const first = await start(connection);
    expect(first.scavenge?.scavengeResult).toBe(STARTED);
    // A second one begins when the first has ended.
    for (let again = first; again.scavenge?.scavengeId === first.scavenge?.scavengeId; ) {
      again = await start(connection);
    }
    expect(diskBytes(folder.path)).toBeLessThan(before / 2);
  });

  test('of another id is not found', async () => {
    const connection = await served(endless());
    await start(connection);
    expect(await stop(connection, 'second')).toMatchObject({
      status: grpcStatus.notFound,
      trailers: { exception: 'scavenge-not-found', 'scavenge-id': 'second' },
    });
  });

  test('is for operators', async () => {
    const connection = await served(endless(), anonymous);
    expect(await start(connection)).toMatchObject(denied);
    expect(await stop(connection, 'first')).toMatchObject(denied);
  });
});

describe('statistics', () => {
  const stats = (everyMs: number) => new monitoring.StatsReq().setRefreshTimePeriodInMs(String(everyMs));

  test.each([0, 100])('come again and again, every %d ms at the soonest', async (everyMs) => {
    const call = node.open(STATS, monitoring.StatsResp, stats(everyMs), ops);
    const answers = await take(call.messages, 3);
    for (const answer of answers) {
      const map = answer.getStatsMap();
      expect(Number(map.get('es-position'))).toBeGreaterThan(0);
      expect(Number(map.get('es-writes_total'))).toBeGreaterThan(0);
      expect(Number(map.get('es-commit_seconds-count'))).toBeGreaterThan(0);
    }
    call.cancel();
  });

  test('are for those who have logged in', async () => {
    expect(await node.call(STATS, monitoring.StatsResp, stats(100))).toMatchObject(denied);
  });
});

describe('gossip', () => {
  test('lets a client discover the node, and go on with it', async () => {
    const { node: found, close: remove } = await aNode();
    cleanups.push(remove);
    for (const host of ['127.0.0.1', 'localhost']) {
      const url = `esdb+discover://${host}:${found.port}?tls=false&maxDiscoverAttempts=1`;
      const client = EventStoreDBClient.connectionString(url);
      const stream = aStream();
      await client.appendToStream(stream, someEvents(2));
      expect(await take(client.readStream(stream))).toHaveLength(2);
    }
  });
});

test('projections of users are not implemented, and said to be not', async () => {
  const options = new projections.CreateReq.Options().setContinuous(
    new projections.CreateReq.Options.Continuous().setName('mine'),
  );
  const request = new projections.CreateReq().setOptions(options.setQuery('fromAll()'));
  const path = '/event_store.client.projections.Projections/Create';
  expect(await node.call(path, projections.CreateResp, request, admin)).toMatchObject({
    status: grpcStatus.unimplemented,
    trailers: { 'grpc-message': `this node does not implement ${path}` },
  });
});

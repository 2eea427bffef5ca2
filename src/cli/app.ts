import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { createEventStoreEventLog } from '../../infra/eventstore/eventstore-event-log.ts';
import { createCommandHistoryStore } from '../../infra/postgres/command-history-store.ts';
import { createFollowerCheckpointStore } from '../../infra/postgres/follower-checkpoint-store.ts';
import { createLeaseStore } from '../../infra/postgres/lease-store.ts';
import { createLogWitness } from '../../infra/postgres/log-witness.ts';
import { migrate } from '../../infra/postgres/migrate.ts';
import { createPool } from '../../infra/postgres/pool.ts';
import { createSnapshotStore } from '../../infra/postgres/snapshot-store.ts';
import { createVaultStore } from '../../infra/postgres/vault-store.ts';
import { createRateLimitRedis } from '../../infra/redis/rate-limit-redis.ts';
import { createRedisBus } from '../../infra/redis/redis-bus.ts';
import { createSupervisorBus, type SupervisorChannel } from '../../infra/supervisor/supervisor-bus.ts';
import { openWriteSide } from '../commands/write-side.ts';
import type { Settings } from '../config/settings.ts';
import { buildGateway } from '../gateway/build-gateway.ts';
import { buildHealthServer } from '../gateway/health-server.ts';
import { readModels } from '../gateway/read-models.ts';
import type { ChangeBus } from '../projections/bus.ts';
import { ensureReadModels } from '../projections/ensure-read-models.ts';
import { inProcessBus } from '../projections/in-process-bus.ts';
import { liveProgress } from '../projections/live-progress.ts';
import { followPositions } from '../projections/projection-positions.ts';
import { createProjectionRunner } from '../projections/runner.ts';
import { createRefundScheduler } from '../projections/scheduler/refund-scheduler.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { createMasterKey, parseMasterSecrets } from '../vault/master-key.ts';
import { appMetrics } from './app-metrics.ts';
import { demoAccounts, ensureDemoAccounts } from './demo-accounts.ts';
import { readinessOf } from './readiness.ts';

/** Settings of which nothing is left open: the supervisor or the operator has filled them in. */
export type AppSettings = Settings & {
  readonly esdbUrl: string;
  readonly databaseUrl: string;
  readonly masterKey: string;
};

export interface App {
  /** Where it listens. */
  readonly url: string;
  /** Stops taking requests, lets what is under way end, and closes every connection. */
  close(): Promise<void>;
}

const webRoot = fileURLToPath(new URL('../../web/dist', import.meta.url));

/**
 * Wires one application process together from its settings and starts the roles that it has. `channel`: the line to
 * a supervisor that passes bus messages on, for a bus without Redis between processes of one machine.
 */
export async function startApp(
  settings: AppSettings,
  runtime: Runtime,
  logger: Logger,
  channel?: SupervisorChannel,
): Promise<App> {
  const { esdbUrl, databaseUrl, redisUrl, roles, environment, packetLimits } = settings;
  const masterKey = createMasterKey(parseMasterSecrets(settings.masterKey), runtime.random);
  const poolOf = (applicationName: string) => createPool({ databaseUrl, applicationName, logger });
  // The projections may use every connection of their pool: they must not keep a login or a read waiting.
  const pool = poolOf('hongbao');
  const projectionPool = poolOf('hongbao projections');
  const machine = hostname();
  const eventLog = createEventStoreEventLog({ url: esdbUrl, runtime, logger });
  const bus = openBus({ redisUrl, channel, runtime, logger });
  const rateLimitRedis = redisUrl === undefined ? undefined : createRateLimitRedis(redisUrl, logger);
  const leases = createLeaseStore(pool);

  await migrate(pool, logger);
  const writeSide = await openWriteSide({
    eventLog,
    vault: createVaultStore({ pool, masterKey, random: runtime.random }),
    stores: {
      snapshots: createSnapshotStore(pool),
      history: createCommandHistoryStore(pool),
      checkpoints: createFollowerCheckpointStore(pool),
      leases,
      witness: createLogWitness(pool),
    },
    masterKey,
    runtime,
    logger,
    sandboxMoney: environment === 'development',
    packetLimits,
  });
  await ensureReadModels(projectionPool, writeSide.epoch);
  const positions = followPositions(bus, runtime, () => liveProgress(pool));
  const runner = createProjectionRunner({
    log: eventLog,
    pool: projectionPool,
    bus,
    leases,
    runtime,
    logger,
    owner: `${machine}/${process.pid}`,
  });
  const scheduler = createRefundScheduler({
    pool: projectionPool,
    leases,
    refunds: writeSide.refunds,
    runtime,
    logger,
  });
  const readiness = readinessOf({
    eventLog,
    pool,
    leases,
    runner,
    writeSide,
    // Beside projectors of its own a server is as ready as one that does their work itself.
    projectors: settings.projectors > 0 && !roles.includes('projector') ? `${machine}/` : undefined,
  });

  const metrics = appMetrics({
    eventLog,
    pool,
    runner,
    scheduler: roles.includes('scheduler') ? scheduler : undefined,
    writeSide,
    runtime,
  });

  const server = roles.includes('gateway')
    ? await buildGateway({
        runtime,
        logger,
        environment,
        commands: writeSide.commands,
        accounts: writeSide.accounts,
        paymentPins: writeSide.paymentPins,
        tokens: writeSide.tokens,
        keyring: writeSide.keyring,
        reads: readModels(pool, positions),
        bus,
        readiness,
        metrics,
        metricsToken: settings.metricsToken,
        webRoot,
        devAccounts: demoAccounts,
        proxyHops: settings.proxyHops,
        allowedOrigins: settings.allowedOrigins,
        ...(rateLimitRedis && { rateLimitRedis }),
      })
    : buildHealthServer({
        runtime,
        readiness,
        logger,
        environment,
        metrics,
        metricsToken: settings.metricsToken,
      });
  if (roles.includes('projector')) runner.start();
  if (roles.includes('scheduler')) {
    writeSide.startProcessManagers();
    scheduler.start();
  }
  const url = await server.listen({ host: settings.host, port: settings.port });
  if (environment === 'development' && roles.includes('gateway')) {
    await ensureDemoAccounts(writeSide.accounts, logger);
  }

  return {
    url,
    async close() {
      await server.close();
      if (roles.includes('scheduler')) await scheduler.stop();
      await writeSide.close();
      if (roles.includes('projector')) await runner.stop();
      positions.close();
      await bus.close();
      rateLimitRedis?.disconnect();
      await eventLog.close();
      await projectionPool.end();
      await pool.end();
    },
  };
}

/** Redis where there is one; else the supervisor, where that passes messages on; else the bus is in this process. */
function openBus({
  redisUrl,
  channel,
  runtime,
  logger,
}: {
  readonly redisUrl: string | undefined;
  readonly channel: SupervisorChannel | undefined;
  readonly runtime: Runtime;
  readonly logger: Logger;
}): ChangeBus {
  if (redisUrl !== undefined) return createRedisBus({ url: redisUrl, logger, timers: runtime.timers });
  return channel === undefined ? inProcessBus(logger) : createSupervisorBus(channel, logger);
}

import { once } from 'node:events';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRateLimitRedis } from '../../../infra/redis/rate-limit-redis.ts';
import { createRedisBus } from '../../../infra/redis/redis-bus.ts';
import { buildGateway } from '../../../src/gateway/build-gateway.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { fakeBackEnd } from '../../gateway/support/fake-back-end.ts';
import { type SilentServer, startSilentServer } from './silent-server.ts';

/** A Redis that is there and does not answer. Each of these hangs where nobody gives it up. */
const logger = pino({ level: 'silent' });
let server: SilentServer;

beforeEach(async () => {
  server = await startSilentServer();
});

afterEach(() => server.close());

it('that counts rates does not keep requests waiting: they are served uncounted', async () => {
  const redis = createRateLimitRedis(server.url, logger);
  await once(redis, 'ready');
  const { deps } = fakeBackEnd();
  const app = await buildGateway({ ...deps, unlimitedAddresses: [], rateLimitRedis: redis });
  const ask = async () => (await app.inject({ url: '/api/dev/accounts' })).statusCode;
  expect(await ask()).toBe(200);
  await server.heard(0, 'eval');
  server.fallSilent();
  expect(await ask()).toBe(200);
  redis.disconnect();
  await app.close();
});

it('that carries the bus is noticed by who only listens, and subscribed to anew', async () => {
  const { timers } = systemRuntime();
  const bus = createRedisBus({ url: server.url, logger, timers, pingEveryMs: 20, answerMs: 100 });
  await bus.ready();
  server.fallSilent();
  // The bus has two connections, in no certain order; a third one comes when one was given up.
  await server.heard(2, 'hello');
  await bus.close();
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../../support/redis-server.ts';
import { examine } from './doctor-support.ts';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.close());

it('hongbao doctor says whether the Redis of the settings answers', async () => {
  const env = { HONGBAO_DATA: '/nowhere', HONGBAO_PORT: '0', REDIS_URL: redis.url };
  expect((await examine(env)).of('redis')).toEqual([
    expect.stringMatching(/^ok: Redis \d+\.\d+\.\d+ answers\.$/),
  ]);
  await redis.stop();
  const { of, code } = await examine(env);
  expect(of('redis')).toEqual([expect.stringMatching(/^problem: It does not answer: .*ECONNREFUSED/)]);
  expect(code).toBe(1);
});

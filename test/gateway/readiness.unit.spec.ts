import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { limits } from '../../src/config/limits.ts';
import { buildHealthServer } from '../../src/gateway/health-server.ts';
import type { GatewayApp } from '../../src/gateway/http/route-context.ts';
import { type VirtualRuntime, virtualRuntime } from '../support/virtual-runtime.ts';

/** `/health/ready` asks for no token: however many ask it, what stands behind it is asked seldom. */
let runtime: VirtualRuntime;
let app: GatewayApp;
let answers: ((detail?: string) => void)[];

beforeEach(() => {
  runtime = virtualRuntime();
  answers = [];
  const database = () =>
    new Promise<string | undefined>((resolve) => {
      answers.push(resolve);
    });
  app = buildHealthServer({
    runtime,
    readiness: { database },
    environment: 'production',
    logger: pino({ level: 'silent' }),
  });
});

afterEach(() => app.close());

const ready = async () => (await app.inject({ url: '/health/ready' })).statusCode;
const asked = async (times: number) => {
  while (answers.length < times) await runtime.flush();
};

it('shares what is being asked, and its answer for a second', async () => {
  const together = Promise.all([ready(), ready(), ready()]);
  await asked(1);
  answers[0]?.();
  expect(await together).toEqual([200, 200, 200]);
  await runtime.advance(limits.gateway.readinessAgeMs - 1);
  expect(await ready()).toBe(200);
  expect(answers).toHaveLength(1);
});

it('asks again after that', async () => {
  const first = ready();
  await asked(1);
  answers[0]?.();
  expect(await first).toBe(200);
  await runtime.advance(limits.gateway.readinessAgeMs);
  const second = ready();
  await asked(2);
  answers[1]?.('it is gone');
  expect(await second).toBe(503);
});

it('shows what a check that is passed has to say, too', async () => {
  const other = buildHealthServer({
    runtime,
    readiness: {
      projections: async () => ({ passed: 'partitions 0-7 here/1' }),
      database: async () => 'away',
    },
    environment: 'production',
    logger: pino({ level: 'silent' }),
  });
  const answer = await other.inject({ url: '/health/ready' });
  expect(answer.json().checks).toEqual({
    projections: { ok: true, detail: 'partitions 0-7 here/1' },
    database: { ok: false, detail: 'away' },
  });
  await other.close();
});

it('says that a check is not passed which does not answer in time, and begins it once however long it takes', async () => {
  const first = ready();
  await asked(1);
  await runtime.advance(limits.gateway.readinessCheckMs);
  expect(await first).toBe(503);
  await runtime.advance(limits.gateway.readinessAgeMs);
  const second = ready();
  await runtime.flush();
  expect(answers).toHaveLength(1);
  answers[0]?.();
  expect(await second).toBe(200);
});

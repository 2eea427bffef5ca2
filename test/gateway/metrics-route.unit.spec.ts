import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { buildGateway } from '../../src/gateway/build-gateway.ts';
import { buildHealthServer } from '../../src/gateway/health-server.ts';
import type { GatewayApp } from '../../src/gateway/http/route-context.ts';
import type { Metric } from '../../src/runtime/metrics/metric.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';
import { fakeBackEnd } from './support/fake-back-end.ts';

const token = 'a-token-of-the-operator';
const metrics = async (): Promise<readonly Metric[]> => [
  { type: 'gauge', name: 'log_position', help: 'Where.', value: 7 },
];
let app: GatewayApp;
afterEach(() => app.close());

interface Case {
  readonly environment: 'development' | 'production';
  readonly metricsToken?: string;
}

function serve(options: Case): void {
  const logger = pino({ level: 'silent' });
  app = buildHealthServer({ runtime: virtualRuntime(), readiness: {}, logger, metrics, ...options });
}

const read = async (headers: Record<string, string> = {}, remoteAddress = '127.0.0.1') =>
  (await app.inject({ url: '/metrics', headers, remoteAddress })).statusCode;

describe('GET /metrics', () => {
  it('answers in the format of Prometheus', async () => {
    serve({ environment: 'development' });
    const { body, headers } = await app.inject({ url: '/metrics' });
    expect(body).toBe(
      '# HELP hongbao_log_position Where.\n# TYPE hongbao_log_position gauge\nhongbao_log_position 7\n',
    );
    expect(headers['content-type']).toBe('text/plain; version=0.0.4');
  });

  it('is for this machine alone where there is no token, and not for what a proxy passes on', async () => {
    serve({ environment: 'development' });
    expect(await read()).toBe(200);
    expect(await read({}, '192.0.2.1')).toBe(404);
    expect(await read({ 'x-forwarded-for': '192.0.2.1' })).toBe(404);
  });

  it('is for nobody in production without a token', async () => {
    serve({ environment: 'production' });
    expect(await read()).toBe(404);
  });

  it.each(['development', 'production'] as const)(
    'is in %s for whoever has the token',
    async (environment) => {
      serve({ environment, metricsToken: token });
      expect(await read({ authorization: `Bearer ${token}` }, '192.0.2.1')).toBe(200);
      expect(await read()).toBe(404);
      expect(await read({ authorization: `Bearer ${token}x` })).toBe(404);
      expect(await read({ authorization: token })).toBe(404);
    },
  );

  it('of a gateway counts its sockets too', async () => {
    app = await buildGateway({ ...fakeBackEnd().deps, metrics, metricsToken: token });
    const { body } = await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${token}` } });
    expect(body).toContain('hongbao_log_position 7\n');
    expect(body).toContain('hongbao_sockets_open 0\n');
  });
});

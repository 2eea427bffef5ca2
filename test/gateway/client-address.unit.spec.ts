import { afterEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/config/limits.ts';
import { buildGateway } from '../../src/gateway/build-gateway.ts';
import type { GatewayApp } from '../../src/gateway/http/route-context.ts';
import { fakeBackEnd } from './support/fake-back-end.ts';

/** Whose requests are counted together when proxies stand in front. */
describe('the address that rates are counted for', () => {
  let app: GatewayApp | undefined;

  afterEach(() => app?.close());

  /** Logs in once more than an address may, each time with this header, and tells how often that was refused. */
  async function refusals(proxyHops: number, forwardedFor: (n: number) => string): Promise<number> {
    app = await buildGateway({ ...fakeBackEnd({ unlimitedAddresses: [] }).deps, proxyHops });
    let refused = 0;
    for (let n = 0; n <= limits.gateway.loginsPerMinutePerAddress; n++) {
      const { statusCode } = await app.inject({
        method: 'POST',
        url: '/api/login',
        headers: { 'x-forwarded-for': forwardedFor(n) },
        payload: { username: `user${n}`, password: 'x'.repeat(9), deviceName: 'd' },
      });
      if (statusCode === 429) refused += 1;
    }
    return refused;
  }

  it('is the entry that the proxy added, whatever the client wrote before it', async () => {
    expect(await refusals(1, (n) => `10.9.0.${n}, 203.0.113.7`)).toBe(1);
  });

  it('is another one for every client of the proxy', async () => {
    expect(await refusals(1, (n) => `10.9.0.1, 203.0.113.${n}`)).toBe(0);
  });

  it('is what the outer of two proxies added', async () => {
    expect(await refusals(2, (n) => `10.9.0.1, 203.0.113.${n}, 192.0.2.1`)).toBe(0);
  });

  it("is the connection's own where no proxy is in front", async () => {
    expect(await refusals(0, (n) => `203.0.113.${n}`)).toBe(1);
  });
});

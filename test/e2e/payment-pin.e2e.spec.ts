import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../src/client/index.ts';
import { limits } from '../../src/config/limits.ts';
import { anotherDevice, codeOf, type Person, register } from '../support/people.ts';
import { type SecondApp, startSecondApp } from '../support/second-app.ts';
import { startServer, type TestServer } from '../support/server.ts';

const pin = '283947';

/** A payment PIN over the real server, and a second process that shares the vault with it. */
describe('a payment PIN', () => {
  let server: TestServer;
  let second: SecondApp;
  let alice: Person;
  let tablet: Client;

  beforeAll(async () => {
    server = await startServer();
    second = await startSecondApp(server);
    alice = await register('Alice', server.url);
    tablet = await anotherDevice(alice, second.url);
    await alice.client.request('deposit', { amountFen: 1_000, providerRef: 'in' });
  });

  afterAll(async () => {
    alice?.client.disconnect();
    tablet?.disconnect();
    await second?.stop();
    await server?.close();
  });

  const withdraw = (providerRef: string, paymentToken?: string) =>
    alice.client.request('withdraw', { amountFen: 100, providerRef, ...(paymentToken && { paymentToken }) });

  it('is asked for once it was set', async () => {
    expect((await withdraw('before')).data.balanceFen).toBe(900);
    expect(await codeOf(alice.client.setPaymentPin('123456', alice.password))).toBe('pin-weak');
    await alice.client.setPaymentPin(pin, alice.password);
    expect(await alice.client.paymentPin()).toEqual({ isSet: true, lockedUntilMs: null });
    expect(await codeOf(withdraw('without'))).toBe('pin-required');
    const { paymentToken } = await alice.client.verifyPaymentPin(pin);
    expect((await withdraw('with', paymentToken)).data.balanceFen).toBe(800);
  });

  it('is locked in every process after guesses that were made at the same moment', async () => {
    const guesses = Array.from({ length: 4 }, () => [alice.client, tablet]).flat();
    const codes = await Promise.all(guesses.map((client) => codeOf(client.verifyPaymentPin('071284'))));
    const { paymentPinTriesMax } = limits.vault;
    expect(codes.filter((code) => code === 'pin-wrong')).toHaveLength(paymentPinTriesMax - 1);
    expect(codes.filter((code) => code === 'pin-locked')).toHaveLength(
      guesses.length - paymentPinTriesMax + 1,
    );
    expect(await codeOf(tablet.verifyPaymentPin(pin))).toBe('pin-locked');
    await tablet.setPaymentPin('998871', alice.password);
    const { paymentToken } = await alice.client.verifyPaymentPin('998871');
    expect((await withdraw('after', paymentToken)).data.balanceFen).toBe(700);
  });
});

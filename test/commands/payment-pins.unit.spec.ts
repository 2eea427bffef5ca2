import { describe, expect, it } from 'vitest';
import { EventLogRefused } from '../../src/commands/event-log.ts';
import type { Outcome } from '../../src/commands/requests.ts';
import { limits } from '../../src/config/limits.ts';
import type { ClientMessageId } from '../../src/domain/ids.ts';
import type { Person, Process, World } from './support/write-side-world.ts';
import {
  ask,
  befriended,
  done,
  eventsOf,
  packetRequest,
  registered,
  world,
} from './support/write-side-world.ts';

const pin = '283947';
const {
  paymentPinTriesMax,
  paymentPinLockMsMin,
  paymentPinLockGrowth,
  paymentPinLockMsMax,
  paymentTokenTtlMs,
} = limits.vault;

async function aliceIn(w: World) {
  const side = await w.start();
  const alice = await registered(side, 'alice');
  await done(w, side, alice, 'deposit', { amountFen: 10_000, providerRef: 'd' });
  return { side, alice };
}

const setPin = (w: World, side: Process, alice: Person, password = 'alice-password') =>
  w.runtime.settle(side.paymentPins.set({ ...alice, pin, password }));
const verify = (w: World, side: Process, alice: Person, guess: string) =>
  w.runtime.settle(side.paymentPins.verify({ ...alice, pin: guess }));
const withdraw = (w: World, side: Process, alice: Person, providerRef: string, paymentToken?: string) =>
  ask(w, side, alice, 'withdraw', { amountFen: 1, providerRef, ...(paymentToken && { paymentToken }) });

async function tokenOf(w: World, side: Process, alice: Person, right = pin): Promise<string> {
  const outcome = await verify(w, side, alice, right);
  if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
  return outcome.answer.paymentToken;
}

const codeOf = (outcome: Outcome<unknown>) => (outcome.kind === 'rejected' ? outcome.code : outcome.kind);

describe('an account without a payment PIN', () => {
  it('pays without one, and has none to verify or change', async () => {
    const w = world();
    const { side, alice } = await aliceIn(w);
    expect(codeOf(await withdraw(w, side, alice, 'w'))).toBe('accepted');
    expect(codeOf(await verify(w, side, alice, pin))).toBe('pin-not-set');
    const change = side.paymentPins.change({ ...alice, oldPin: pin, pin: '998871' });
    expect(codeOf(await w.runtime.settle(change))).toBe('pin-not-set');
  });

  it('sets one with its password only, and no weak one', async () => {
    const w = world();
    const { side, alice } = await aliceIn(w);
    expect(codeOf(await setPin(w, side, alice, 'wrong'))).toBe('bad-credentials');
    const weak = side.paymentPins.set({ ...alice, pin: '123456', password: 'alice-password' });
    expect(codeOf(await w.runtime.settle(weak))).toBe('pin-weak');
    expect(eventsOf(w, 'PaymentPinSet')).toEqual([]);
    expect(codeOf(await setPin(w, side, alice))).toBe('accepted');
    expect(eventsOf(w, 'PaymentPinSet').map(({ data }) => data)).toEqual([{}]);
  });
});

describe('an account with a payment PIN', () => {
  it('pays with a token only, and a repeated payment needs none', async () => {
    const w = world();
    const { side, alice } = await aliceIn(w);
    const bob = await registered(side, 'bob');
    const chat = await befriended(w, side, alice, bob);
    await setPin(w, side, alice);
    const packet = packetRequest(chat, { clientMsgId: 'p' as ClientMessageId, count: 1 });
    expect(codeOf(await withdraw(w, side, alice, 'w'))).toBe('pin-required');
    expect(codeOf(await ask(w, side, alice, 'sendPacket', packet))).toBe('pin-required');
    expect(eventsOf(w, 'FundsWithdrawn')).toEqual([]);
    expect(eventsOf(w, 'PacketFunded')).toEqual([]);
    const paymentToken = await tokenOf(w, side, alice);
    expect(codeOf(await withdraw(w, side, alice, 'w', paymentToken))).toBe('accepted');
    const sent = await done(w, side, alice, 'sendPacket', { ...packet, paymentToken });
    expect(await done(w, side, alice, 'sendPacket', packet, { retry: true })).toEqual(sent);
    expect(eventsOf(w, 'PacketFunded')).toHaveLength(1);
    expect(w.log.events.map(({ data }) => JSON.stringify(data)).join()).not.toContain(paymentToken);
  });

  it.each(['not a token', 'a.b.c'])('does not pay with %s', async (paymentToken) => {
    const w = world();
    const { side, alice } = await aliceIn(w);
    await setPin(w, side, alice);
    expect(codeOf(await withdraw(w, side, alice, 'w', paymentToken))).toBe('pin-required');
  });

  it("does not pay with its access token, another device's token, or one that has run out", async () => {
    const w = world();
    const { side, alice } = await aliceIn(w);
    const bob = await registered(side, 'bob');
    await setPin(w, side, alice);
    const login = { username: 'alice', password: 'alice-password', deviceName: 'tablet' };
    const tablet = await w.runtime.settle(side.accounts.logIn(login));
    if (tablet.kind !== 'accepted') throw new Error('no login');
    const { accessToken } = tablet.answer.tokens;
    const token = await tokenOf(w, side, alice);
    expect(await w.runtime.settle(side.tokens.verifyAccess(token))).toBeUndefined();
    expect(codeOf(await withdraw(w, side, alice, 'w', accessToken))).toBe('pin-required');
    const onTablet = { userId: alice.userId, deviceId: tablet.answer.deviceId };
    expect(codeOf(await withdraw(w, side, onTablet, 'w', token))).toBe('pin-required');
    await done(w, side, bob, 'deposit', { amountFen: 10, providerRef: 'b' });
    const bobsPin = { ...bob, pin: '998871', password: 'bob-password' };
    await w.runtime.settle(side.paymentPins.set(bobsPin));
    expect(codeOf(await withdraw(w, side, bob, 'w', token))).toBe('pin-required');
    await w.runtime.advance(paymentTokenTtlMs);
    expect(codeOf(await withdraw(w, side, alice, 'w', token))).toBe('pin-required');
  });

  it('changes it with the old one or resets it with the password; what the old one gave is worth nothing', async () => {
    const w = world();
    const { side, alice } = await aliceIn(w);
    await setPin(w, side, alice);
    const early = await tokenOf(w, side, alice);
    const change = (oldPin: string) =>
      w.runtime.settle(side.paymentPins.change({ ...alice, oldPin, pin: '998871' }));
    expect(codeOf(await change('071284'))).toBe('pin-wrong');
    expect(codeOf(await change(pin))).toBe('accepted');
    expect(codeOf(await withdraw(w, side, alice, 'w', early))).toBe('pin-required');
    expect(codeOf(await verify(w, side, alice, pin))).toBe('pin-wrong');
    const between = await tokenOf(w, side, alice, '998871');
    expect(codeOf(await setPin(w, side, alice))).toBe('accepted');
    expect(codeOf(await withdraw(w, side, alice, 'w', between))).toBe('pin-required');
    expect(codeOf(await withdraw(w, side, alice, 'w', await tokenOf(w, side, alice)))).toBe('accepted');
  });

  it('demands it from the next second on, in every process', async () => {
    const w = world();
    const { side, alice } = await aliceIn(w);
    const other = await w.start();
    expect(codeOf(await withdraw(w, other, alice, 'w1'))).toBe('accepted');
    await setPin(w, side, alice);
    await w.runtime.advance(limits.commands.preconditionAgeMs + 1);
    expect(codeOf(await withdraw(w, other, alice, 'w2'))).toBe('pin-required');
  });
});

describe('wrong payment PINs', () => {
  async function guesses(w: World, side: Process, alice: Person, count: number) {
    const outcomes = [];
    for (let guess = 0; guess < count; guess += 1) outcomes.push(await verify(w, side, alice, '071284'));
    return outcomes;
  }

  it('lock it at the fifth, for longer each time, also in a process that starts anew', async () => {
    const w = world();
    const { side, alice } = await aliceIn(w);
    await setPin(w, side, alice);
    const lockMs = [0, 1, 2].map((lock) => paymentPinLockMsMin * paymentPinLockGrowth ** lock);
    for (const retryAfterMs of lockMs) {
      const codes = (await guesses(w, side, alice, paymentPinTriesMax)).map(codeOf);
      expect(codes).toEqual([...Array(paymentPinTriesMax - 1).fill('pin-wrong'), 'pin-locked']);
      const anew = await w.start();
      expect(await verify(w, anew, alice, pin)).toMatchObject({ code: 'pin-locked', retryAfterMs });
      await w.runtime.advance(retryAfterMs);
    }
    expect(codeOf(await verify(w, side, alice, pin))).toBe('accepted');
    expect(codeOf((await guesses(w, side, alice, 1))[0]!)).toBe('pin-wrong');
  });

  it('never lock it for more than a day', async () => {
    const w = world();
    const { side, alice } = await aliceIn(w);
    await setPin(w, side, alice);
    let last: Outcome<unknown> = { kind: 'unknown' };
    for (let lock = 0; lock < 8; lock += 1) {
      last = (await guesses(w, side, alice, paymentPinTriesMax)).at(-1)!;
      await w.runtime.advance(paymentPinLockMsMax);
    }
    expect(last).toMatchObject({ retryAfterMs: paymentPinLockMsMax });
  });

  it('are forgotten with a right one, and a reset by the password takes a lock away', async () => {
    const w = world();
    const { side, alice } = await aliceIn(w);
    await setPin(w, side, alice);
    await guesses(w, side, alice, paymentPinTriesMax - 1);
    expect(codeOf(await verify(w, side, alice, pin))).toBe('accepted');
    const codes = (await guesses(w, side, alice, paymentPinTriesMax)).map(codeOf);
    expect(codes.filter((code) => code === 'pin-wrong')).toHaveLength(paymentPinTriesMax - 1);
    const status = async () => w.runtime.settle(side.paymentPins.status(alice));
    const lockedUntilMs = w.runtime.clock.nowMs() + paymentPinLockMsMin;
    expect(await status()).toMatchObject({ answer: { isSet: true, lockedUntilMs } });
    await setPin(w, side, alice);
    expect(await status()).toMatchObject({ answer: { isSet: true, lockedUntilMs: null } });
    expect(codeOf(await verify(w, side, alice, pin))).toBe('accepted');
  });

  it('are not counted when the server was too busy to look', async () => {
    const w = world();
    const { alice } = await aliceIn(w);
    const full = await w.start({
      passwords: {
        hash: async () => 'busy' as const,
        verify: async () => 'busy' as const,
        verifyPin: async () => 'busy' as const,
      },
    });
    await w.vault.putPaymentPin(alice.userId, `quick:${pin}`);
    for (let guess = 0; guess < paymentPinTriesMax; guess += 1) {
      expect(codeOf(await verify(w, full, alice, pin))).toBe('busy');
    }
    expect(w.vault.pins.get(alice.userId)).toMatchObject({ tries: 0 });
  });
});

describe('a payment PIN that the log did not hear of', () => {
  it('is answered as unknown, and the same request again does the rest', async () => {
    const w = world();
    const { side, alice } = await aliceIn(w);
    const append = async () => Promise.reject(new EventLogRefused('not now'));
    const failing = await w.start({ eventLog: { ...side.mortal.log, append } });
    expect(await setPin(w, failing, alice)).toEqual({ kind: 'unknown' });
    const next = await w.start();
    expect(codeOf(await withdraw(w, next, alice, 'w1'))).toBe('accepted');
    expect(codeOf(await setPin(w, next, alice))).toBe('accepted');
    expect(codeOf(await withdraw(w, next, alice, 'w2'))).toBe('pin-required');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPaymentPinStore } from '../../../infra/postgres/payment-pin-store.ts';
import { createVaultStore } from '../../../infra/postgres/vault-store.ts';
import { limits } from '../../../src/config/limits.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { createMasterKey } from '../../../src/vault/master-key.ts';
import type { PaymentPinStore } from '../../../src/vault/payment-pin-store.ts';
import { userId } from '../../support/domain-fixtures.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { createTestDatabase } from '../../support/postgres.ts';

const { paymentPinTriesMax: triesMax } = limits.vault;
const at = (nowMs: number) => ({ nowMs, triesMax, lockMsMin: 100, lockGrowth: 5, lockMsMax: 1_000 });

let database: TestDatabase;
let store: PaymentPinStore;

beforeAll(async () => {
  database = await createTestDatabase();
  store = createPaymentPinStore(database.pool);
});
afterAll(() => database.drop());

async function usedUp(user: ReturnType<typeof userId>, nowMs: number) {
  for (let tries = 0; tries < triesMax; tries += 1) await store.takePinTry(user, at(nowMs));
}

describe('tries at a payment PIN', () => {
  it('are five, however many guess at the same moment', async () => {
    const user = userId(900);
    await store.putPaymentPin(user, 'phc');
    const taken = await Promise.all(Array.from({ length: 40 }, () => store.takePinTry(user, at(0))));
    const left = taken.flatMap((one) => (one.kind === 'taken' ? [one.triesLeft] : []));
    expect(left.sort()).toEqual([0, 1, 2, 3, 4]);
    expect(taken.filter(({ kind }) => kind === 'locked')).toHaveLength(35);
  });

  it('are five again after a lock, and each lock is longer, up to the longest', async () => {
    const user = userId(901);
    await store.putPaymentPin(user, 'phc');
    let nowMs = 0;
    for (const lockMs of [100, 500, 1_000, 1_000]) {
      await usedUp(user, nowMs);
      expect(await store.takePinTry(user, at(nowMs + lockMs - 1))).toEqual({
        kind: 'locked',
        lockedUntilMs: nowMs + lockMs,
      });
      nowMs += lockMs;
    }
    expect(await store.takePinTry(user, at(nowMs))).toMatchObject({ kind: 'taken', triesLeft: 4 });
  });

  it('are forgotten with the right PIN, a change and a reset, but not by the right one of before a change', async () => {
    const user = userId(902);
    await store.putPaymentPin(user, 'one');
    await usedUp(user, 0);
    expect(await store.paymentPinLock(user)).toBe(100);
    expect(await store.forgivePinTries(user, 'one')).toBe(true);
    expect(await store.paymentPinLock(user)).toBe(0);
    await usedUp(user, 0);
    expect(await store.replacePaymentPin(user, { from: 'one', to: 'two' })).toBe(true);
    expect(await store.takePinTry(user, at(0))).toMatchObject({ kind: 'taken', phc: 'two', triesLeft: 4 });
    expect(await store.forgivePinTries(user, 'one')).toBe(false);
    expect(await store.replacePaymentPin(user, { from: 'one', to: 'three' })).toBe(false);
    expect(await store.takePinTry(user, at(0))).toMatchObject({ phc: 'two', triesLeft: 3 });
    await store.putPaymentPin(user, 'four');
    expect(await store.takePinTry(user, at(0))).toMatchObject({ phc: 'four', triesLeft: 4 });
  });

  it('are none without a PIN, and a discarded user has none', async () => {
    const user = userId(903);
    expect(await store.takePinTry(user, at(0))).toEqual({ kind: 'not-set' });
    expect(await store.paymentPinLock(user)).toBeUndefined();
    await store.putPaymentPin(user, 'phc');
    const { random } = systemRuntime();
    const masterKey = createMasterKey([{ version: 1, bytes: new Uint8Array(32).fill(1) }], random);
    await createVaultStore({ pool: database.pool, masterKey, random }).discardUser(user);
    expect(await store.takePinTry(user, at(0))).toEqual({ kind: 'not-set' });
  });
});

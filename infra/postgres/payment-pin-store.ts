import type pg from 'pg';
import type { PaymentPinStore } from '../../src/vault/payment-pin-store.ts';
import { durableTransaction } from './durable-transaction.ts';

interface TakenRow {
  readonly phc: string;
  readonly tries: number;
  readonly locked_until_ms: bigint;
}

/** Payment PINs in the vault's schema. Each change is one statement on one row: that row is the lock. */
export function createPaymentPinStore(pool: pg.Pool): PaymentPinStore {
  return {
    async putPaymentPin(userId, phc) {
      await durableTransaction(pool, (client) =>
        client.query(
          `insert into hongbao_vault.payment_pin (user_id, phc) values ($1, $2)
           on conflict (user_id) do update set phc = excluded.phc, tries = 0, locks = 0, locked_until_ms = 0`,
          [userId, phc],
        ),
      );
    },

    async replacePaymentPin(userId, { from, to }) {
      const { rowCount } = await durableTransaction(pool, (client) =>
        client.query(
          `update hongbao_vault.payment_pin set phc = $3, tries = 0, locks = 0, locked_until_ms = 0
           where user_id = $1 and phc in ($2, $3)`,
          [userId, from, to],
        ),
      );
      return rowCount === 1;
    },

    async paymentPinLock(userId) {
      return (await lockOf(pool, userId))?.lockedUntilMs;
    },

    async takePinTry(userId, { nowMs, triesMax, lockMsMin, lockGrowth, lockMsMax }) {
      // Whoever waits for the row sees, after the wait, what the other one made of it: the conditions hold then.
      const { rows } = await durableTransaction(pool, (client) =>
        client.query<TakenRow>(
          `update hongbao_vault.payment_pin set
             tries = case when tries + 1 >= $3 then 0 else tries + 1 end,
             locks = case when tries + 1 >= $3 then locks + 1 else locks end,
             locked_until_ms = case when tries + 1 >= $3
               then $2::bigint + least($6::float8, $4::float8 * power($5::float8, least(locks, 30)))::bigint
               else locked_until_ms end
           where user_id = $1 and locked_until_ms <= $2::bigint
           returning phc, tries, locked_until_ms`,
          [userId, nowMs, triesMax, lockMsMin, lockGrowth, lockMsMax],
        ),
      );
      const taken = rows[0];
      if (taken === undefined) {
        const lock = await lockOf(pool, userId);
        return lock === undefined ? { kind: 'not-set' } : { kind: 'locked', ...lock };
      }
      const lockedUntilMs = Number(taken.locked_until_ms);
      const triesLeft = lockedUntilMs > nowMs ? 0 : triesMax - taken.tries;
      return { kind: 'taken', phc: taken.phc, triesLeft, lockedUntilMs };
    },

    async forgivePinTries(userId, phc) {
      const { rowCount } = await durableTransaction(pool, (client) =>
        client.query(
          `update hongbao_vault.payment_pin set tries = 0, locks = 0, locked_until_ms = 0
           where user_id = $1 and phc = $2`,
          [userId, phc],
        ),
      );
      return rowCount === 1;
    },
  };
}

async function lockOf(
  pool: pg.Pool,
  userId: string,
): Promise<{ readonly lockedUntilMs: number } | undefined> {
  const { rows } = await pool.query<{ locked_until_ms: bigint }>(
    'select locked_until_ms from hongbao_vault.payment_pin where user_id = $1',
    [userId],
  );
  const row = rows[0];
  return row === undefined ? undefined : { lockedUntilMs: Number(row.locked_until_ms) };
}

import type pg from 'pg';
import type { DeviceId, UserId } from '../../src/domain/ids.ts';
import type { RandomSource } from '../../src/runtime/runtime.ts';
import type { MasterKey } from '../../src/vault/master-key.ts';
import type { DataKey, Vault } from '../../src/vault/vault.ts';
import { durableTransaction } from './durable-transaction.ts';
import { createPaymentPinStore } from './payment-pin-store.ts';
import { rotateRefreshToken } from './refresh-token-rotation.ts';

export interface VaultStoreOptions {
  readonly pool: pg.Pool;
  readonly masterKey: MasterKey;
  readonly random: RandomSource;
}

const dataKeyBytes = 32;

/** The vault on PostgreSQL, in a schema of its own. Keys and secrets are stored wrapped by the master key. */
export function createVaultStore({ pool, masterKey, random }: VaultStoreOptions): Vault {
  const unwrapDataKey = (subject: string, version: number, wrapped: Buffer): DataKey => ({
    version,
    key: masterKey.unwrap(wrapped, dataKeyContext(subject, version)),
  });

  return {
    ...createPaymentPinStore(pool),

    async ensureDataKey(subject) {
      const newest = await newestDataKey(pool, subject);
      if (newest?.wrapped) return unwrapDataKey(subject, newest.version, newest.wrapped);
      const version = (newest?.version ?? 0) + 1;
      const fresh = masterKey.wrap(random.bytes(dataKeyBytes), dataKeyContext(subject, version));
      // Another process may have made one in between: whoever was first, both read the same row.
      await durableTransaction(pool, (client) =>
        client.query(
          `insert into hongbao_vault.data_key (subject, version, wrapped) values ($1, $2, $3)
           on conflict do nothing`,
          [subject, version, fresh],
        ),
      );
      const kept = await newestDataKey(pool, subject);
      if (!kept?.wrapped) throw new Error(`the data key of ${subject} was destroyed while it was made`);
      return unwrapDataKey(subject, kept.version, kept.wrapped);
    },

    async dataKey(subject, version) {
      const { rows } = await pool.query<{ wrapped: Buffer | null }>(
        'select wrapped from hongbao_vault.data_key where subject = $1 and version = $2',
        [subject, version],
      );
      const wrapped = rows[0]?.wrapped;
      return wrapped ? unwrapDataKey(subject, version, wrapped) : undefined;
    },

    async destroyDataKeys(subject) {
      await durableTransaction(pool, (client) =>
        client.query('update hongbao_vault.data_key set wrapped = null where subject = $1', [subject]),
      );
    },

    async putPasswordHash(userId, phc) {
      await durableTransaction(pool, (client) =>
        client.query(
          `insert into hongbao_vault.password (user_id, phc) values ($1, $2)
           on conflict (user_id) do update set phc = excluded.phc`,
          [userId, phc],
        ),
      );
    },

    async passwordHash(userId) {
      const { rows } = await pool.query<{ phc: string }>(
        'select phc from hongbao_vault.password where user_id = $1',
        [userId],
      );
      return rows[0]?.phc;
    },

    replacePasswordHash: (userId, { from, to, keptDeviceId }) =>
      durableTransaction(pool, async (client) => {
        // First, since this row is the lock: tokens being put right now are seen below, or see the new hash.
        const { rowCount } = await client.query(
          'update hongbao_vault.password set phc = $3 where user_id = $1 and phc in ($2, $3)',
          [userId, from, to],
        );
        if (rowCount !== 1) return false;
        await client.query(
          `update hongbao_vault.token_family set revoked = true
           where user_id = $1 and device_id <> $2 and not revoked`,
          [userId, keptDeviceId],
        );
        return true;
      }),

    async discardUser(userId) {
      await durableTransaction(pool, async (client) => {
        await client.query('delete from hongbao_vault.password where user_id = $1', [userId]);
        await client.query('delete from hongbao_vault.payment_pin where user_id = $1', [userId]);
        await client.query('delete from hongbao_vault.token_family where user_id = $1', [userId]);
        await client.query('update hongbao_vault.data_key set wrapped = null where subject = $1', [userId]);
      });
    },

    async putRefreshToken(token, { nowMs, retryGraceMs }) {
      await durableTransaction(pool, async (client) => {
        // One after another with a change of the password, which revokes the tokens that it sees.
        await client.query('select 1 from hongbao_vault.password where user_id = $1 for share', [
          token.userId,
        ]);
        await client.query(
          `insert into hongbao_vault.token_family (family_id, user_id, device_id) values ($1, $2, $3)
           on conflict do nothing`,
          [token.familyId, token.userId, token.deviceId],
        );
        await client.query(
          `insert into hongbao_vault.refresh_token (hash, family_id, expires_at_ms) values ($1, $2, $3)
           on conflict do nothing`,
          [token.hash, token.familyId, token.expiresAtMs],
        );
        // Sessions that nobody refreshes any more would stay for ever. The grace is more than any exchange takes
        // that began while its token was good, and what is locked is left to the next login.
        await client.query(
          `delete from hongbao_vault.token_family where family_id in (
             select f.family_id from hongbao_vault.token_family f
             where f.user_id = $1 and not exists (
               select from hongbao_vault.refresh_token t
               where t.family_id = f.family_id and t.expires_at_ms >= $2)
             for update skip locked)`,
          [token.userId, nowMs - retryGraceMs],
        );
      });
    },

    async refreshTokenHolder(hash) {
      const { rows } = await pool.query<{ userId: UserId; deviceId: DeviceId }>(
        `select f.user_id as "userId", f.device_id as "deviceId" from hongbao_vault.refresh_token t
         join hongbao_vault.token_family f on f.family_id = t.family_id where t.hash = $1`,
        [hash],
      );
      return rows[0];
    },

    rotateRefreshToken: (presentedHash, next, at) =>
      durableTransaction(pool, (client) => rotateRefreshToken(client, presentedHash, next, at)),

    async revokeRefreshTokens(userId: UserId, deviceId?: DeviceId) {
      await durableTransaction(pool, (client) =>
        client.query(
          `update hongbao_vault.token_family set revoked = true
           where user_id = $1 and ($2::uuid is null or device_id = $2)`,
          [userId, deviceId ?? null],
        ),
      );
    },

    async revokedDevices(devices) {
      const { rows } = await pool.query<{ userId: UserId; deviceId: DeviceId }>(
        `select f.user_id as "userId", f.device_id as "deviceId"
         from unnest($1::uuid[], $2::uuid[]) as asked (user_id, device_id)
         join hongbao_vault.token_family f using (user_id, device_id)
         group by f.user_id, f.device_id having bool_and(f.revoked)`,
        [devices.map(({ userId }) => userId), devices.map(({ deviceId }) => deviceId)],
      );
      return rows;
    },

    async ensureServerSecret(name, make) {
      const kept = await serverSecret(pool, name);
      if (kept !== undefined) return masterKey.unwrap(kept, secretContext(name));
      const fresh = masterKey.wrap(make(), secretContext(name));
      await durableTransaction(pool, (client) =>
        client.query(
          'insert into hongbao_vault.server_secret (name, wrapped) values ($1, $2) on conflict do nothing',
          [name, fresh],
        ),
      );
      const first = await serverSecret(pool, name);
      if (first === undefined) throw new Error(`the server secret ${name} vanished while it was made`);
      return masterKey.unwrap(first, secretContext(name));
    },
  };
}

/** What a user's key is bound to when it is wrapped. */
export const dataKeyContext = (subject: string, version: number): string => `data-key/${subject}/${version}`;
/** The same for a secret of the server. */
export const secretContext = (name: string): string => `server-secret/${name}`;

async function newestDataKey(
  pool: pg.Pool,
  subject: string,
): Promise<{ readonly version: number; readonly wrapped: Buffer | null } | undefined> {
  const { rows } = await pool.query<{ version: number; wrapped: Buffer | null }>(
    `select version, wrapped from hongbao_vault.data_key where subject = $1 order by version desc limit 1`,
    [subject],
  );
  return rows[0];
}

async function serverSecret(pool: pg.Pool, name: string): Promise<Buffer | undefined> {
  const { rows } = await pool.query<{ wrapped: Buffer }>(
    'select wrapped from hongbao_vault.server_secret where name = $1',
    [name],
  );
  return rows[0]?.wrapped;
}

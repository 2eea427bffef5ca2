import type pg from 'pg';
import type { DeviceId, UserId } from '../../src/domain/ids.ts';
import type { RotationMoment, RotationOutcome } from '../../src/vault/vault.ts';

interface FamilyRow {
  readonly family_id: string;
  readonly user_id: UserId;
  readonly device_id: DeviceId;
  readonly revoked: boolean;
}

interface TokenRow {
  readonly expires_at_ms: bigint;
  readonly next_hash: string | null;
  readonly exchanged_at_ms: bigint | null;
}

/**
 * Exchanges one refresh token for the next, inside a transaction. The family's row is locked first, so that
 * exchanges and revocations of one family happen one after another and no descendant escapes a revocation.
 *
 * A family has one token that can be exchanged, its newest. When the answer with it was lost, the one before it
 * may be presented again for a short time: the newest is then replaced, and counts as exchanged. So of a thief
 * and the owner, who hold one each, the second to come ends the family, as ever.
 */
export async function rotateRefreshToken(
  client: pg.PoolClient,
  presentedHash: string,
  next: { readonly hash: string; readonly expiresAtMs: number },
  { nowMs, retryGraceMs }: RotationMoment,
): Promise<RotationOutcome> {
  const families = await client.query<FamilyRow>(
    `select family_id, user_id, device_id, revoked from hongbao_vault.token_family
     where family_id = (select family_id from hongbao_vault.refresh_token where hash = $1)
     for update`,
    [presentedHash],
  );
  const family = families.rows[0];
  if (family === undefined) return { kind: 'unknown' };
  // Read after the lock was taken: what stood here before may have been exchanged meanwhile.
  const tokens = await client.query<TokenRow>(
    'select expires_at_ms, next_hash, exchanged_at_ms from hongbao_vault.refresh_token where hash = $1',
    [presentedHash],
  );
  const token = tokens.rows[0];
  if (token === undefined) return { kind: 'unknown' };
  if (family.revoked) return { kind: 'revoked' };
  const rotated = { kind: 'rotated', userId: family.user_id, deviceId: family.device_id } as const;
  if (token.next_hash === next.hash) return rotated; // the same exchange, repeated
  const isInGrace = token.exchanged_at_ms !== null && nowMs - Number(token.exchanged_at_ms) <= retryGraceMs;
  // Locked with the family: nobody exchanges the newest token between this and what depends on it.
  const isRetry = isInGrace && (await replaceUnused(client, token.next_hash, next.hash));
  if (token.next_hash !== null && !isRetry) {
    await client.query('update hongbao_vault.token_family set revoked = true where family_id = $1', [
      family.family_id,
    ]);
    return { kind: 'reused' };
  }
  if (!isRetry && Number(token.expires_at_ms) <= nowMs) return { kind: 'expired' };
  await client.query(
    `update hongbao_vault.refresh_token set next_hash = $2, exchanged_at_ms = coalesce(exchanged_at_ms, $3)
     where hash = $1`,
    [presentedHash, next.hash, nowMs],
  );
  await client.query(
    'insert into hongbao_vault.refresh_token (hash, family_id, expires_at_ms) values ($1, $2, $3)',
    [next.hash, family.family_id, next.expiresAtMs],
  );
  // A family grows by a row per exchange: the rows that could not be used any more go.
  await client.query('delete from hongbao_vault.refresh_token where family_id = $1 and expires_at_ms < $2', [
    family.family_id,
    nowMs,
  ]);
  return rotated;
}

/** Marks a token that nobody has exchanged as exchanged for another. False when somebody has. */
async function replaceUnused(client: pg.PoolClient, hash: string | null, nextHash: string): Promise<boolean> {
  const { rowCount } = await client.query(
    'update hongbao_vault.refresh_token set next_hash = $2 where hash = $1 and next_hash is null',
    [hash, nextHash],
  );
  return rowCount === 1;
}

import type pg from 'pg';
import { type MasterKey, MasterKeyMismatch } from '../../src/vault/master-key.ts';
import { dataKeyContext, secretContext } from './vault-store.ts';

/**
 * Whether `masterKey` opens what the vault holds, by one secret of it: the server's own, or else a user's newest.
 * `closed` as well when there is no key. Changes nothing.
 */
export async function probeMasterKey(
  pool: pg.Pool,
  masterKey: MasterKey | undefined,
): Promise<'opens' | 'closed' | 'nothing'> {
  const sample = await anySecret(pool);
  if (sample === undefined) return 'nothing';
  if (masterKey === undefined) return 'closed';
  try {
    masterKey.unwrap(sample.wrapped, sample.context);
    return 'opens';
  } catch (error) {
    if (error instanceof MasterKeyMismatch) return 'closed';
    throw error;
  }
}

async function anySecret(pool: pg.Pool): Promise<{ wrapped: Buffer; context: string } | undefined> {
  const secrets = await pool.query<{ name: string; wrapped: Buffer }>(
    'select name, wrapped from hongbao_vault.server_secret order by name limit 1',
  );
  const [secret] = secrets.rows;
  if (secret !== undefined) return { wrapped: secret.wrapped, context: secretContext(secret.name) };
  const keys = await pool.query<{ subject: string; version: number; wrapped: Buffer }>(
    'select subject, version, wrapped from hongbao_vault.data_key where wrapped is not null limit 1',
  );
  const [key] = keys.rows;
  return key && { wrapped: key.wrapped, context: dataKeyContext(key.subject, key.version) };
}

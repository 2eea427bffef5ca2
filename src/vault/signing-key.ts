import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { RandomSource } from '../runtime/runtime.ts';
import type { Vault } from './vault.ts';

/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410). */
const ed25519Pkcs8Header = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The Ed25519 key that the vault keeps under this name, made on the first start. */
export async function signingKey(
  vault: Pick<Vault, 'ensureServerSecret'>,
  name: string,
  random: RandomSource,
): Promise<SigningKey> {
  const seed = await vault.ensureServerSecret(name, () => random.bytes(32));
  const privateKey = createPrivateKey({
    key: Buffer.concat([ed25519Pkcs8Header, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

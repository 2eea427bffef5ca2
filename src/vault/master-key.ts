import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import { OperatorError } from '../config/operator-error.ts';
import type { RandomSource } from '../runtime/runtime.ts';

/** One version of the secret that the operator keeps in the environment. */
export interface MasterSecret {
  /** 1, 2, 3 ... A new version is added beside the old ones; none is ever taken away. */
  readonly version: number;
  /** 32 bytes. */
  readonly bytes: Uint8Array;
}

/** A secret wrapped by the master key: version (1 byte), nonce (12), ciphertext, tag (16). */
type WrappedSecret = Uint8Array;

/**
 * What the operator's secret is used for. Every use has a key of its own, derived by HKDF-SHA256 (RFC 5869)
 * under a name, so that none of them says anything about another.
 */
export interface MasterKey {
  /** The newest version; what is made from now on is made with it. */
  readonly version: number;
  /** Encrypts a secret for storage, bound to `context`: it opens under the same context only. */
  wrap(secret: Uint8Array, context: string): WrappedSecret;
  /** Throws `MasterKeyMismatch` when the secret was wrapped by another key, for another context, or changed. */
  unwrap(wrapped: WrappedSecret, context: string): Uint8Array;
  /** The keyed hash that stands for a user name in stream names. The same for the life of the log. */
  usernameHash(normalisedUsername: string): string;
  /** The key that packet seeds are derived with. Throws for a version that is not configured. */
  packetSeedKey(version: number): Uint8Array;
  /** The key that the phrases of password packets are recognised with. Throws as `packetSeedKey`. */
  packetPhraseKey(version: number): Uint8Array;
  /** SHA-256 (hex) of `packetSeedKey(version)`: published, so that the key cannot be changed afterwards. */
  publishedHash(version: number): string;
}

/** The master key in the environment is not the one that the vault was written with. */
export class MasterKeyMismatch extends OperatorError {
  override readonly name = 'MasterKeyMismatch';
}

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const headerBytes = 1 + nonceBytes;

/**
 * Reads `HONGBAO_MASTER_KEY`: 64 hex digits, or `1:<hex>,2:<hex>,...` once there is more than one version.
 * Throws an `Error` whose message says what is wrong with it, without showing it.
 */
export function parseMasterSecrets(text: string): readonly MasterSecret[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.map((part) => {
    const match = /^(?:(\d{1,3}):)?([0-9a-fA-F]{64})$/.exec(part);
    if (match === null || (parts.length > 1 && match[1] === undefined)) {
      throw new Error('the master key must be 64 hex digits, or several as 1:<64 hex>,2:<64 hex>');
    }
    return { version: Number(match[1] ?? 1), bytes: Buffer.from(match[2] ?? '', 'hex') };
  });
}

/** The master key made of the configured versions. Throws when there is none, or a version is given twice. */
export function createMasterKey(secrets: readonly MasterSecret[], random: RandomSource): MasterKey {
  const versions = new Map<number, Uint8Array>();
  for (const { version, bytes } of secrets) {
    if (bytes.length !== keyBytes) throw new Error(`master key version ${version} must have 32 bytes`);
    if (version < 1 || version > 255) throw new Error('master key versions go from 1 to 255');
    if (versions.has(version)) throw new Error(`master key version ${version} is given twice`);
    versions.set(version, bytes);
  }
  if (versions.size === 0) throw new Error('there is no master key');
  const newest = Math.max(...versions.keys());
  const oldest = Math.min(...versions.keys());
  const derived = new Map<string, Uint8Array>();

  function subKey(version: number, name: string): Uint8Array {
    const id = `${version}/${name}`;
    const known = derived.get(id);
    if (known !== undefined) return known;
    const secret = versions.get(version);
    if (secret === undefined) {
      throw new MasterKeyMismatch(`master key version ${version} is needed but not configured`);
    }
    const key = Buffer.from(hkdfSync('sha256', secret, new Uint8Array(0), `hongbao/${name}`, keyBytes));
    derived.set(id, key);
    return key;
  }

  return {
    version: newest,

    wrap(secret, context) {
      const nonce = random.bytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', subKey(newest, 'wrap'), nonce);
      cipher.setAAD(Buffer.from(context));
      const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()]);
      return Buffer.concat([Buffer.of(newest), nonce, ciphertext, cipher.getAuthTag()]);
    },

    unwrap(wrapped, context) {
      const version = wrapped[0];
      if (version === undefined || wrapped.length < headerBytes + tagBytes) {
        throw new MasterKeyMismatch('a wrapped secret is cut short');
      }
      const tagStart = wrapped.length - tagBytes;
      const decipher = createDecipheriv(
        'aes-256-gcm',
        subKey(version, 'wrap'),
        wrapped.subarray(1, headerBytes),
      );
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(wrapped.subarray(tagStart));
      try {
        return Buffer.concat([decipher.update(wrapped.subarray(headerBytes, tagStart)), decipher.final()]);
      } catch {
        throw new MasterKeyMismatch(`${context} does not open with this master key`);
      }
    },

    usernameHash: (username) =>
      createHmac('sha256', subKey(oldest, 'username')).update(username).digest('hex'),

    packetSeedKey: (version) => subKey(version, 'packet-seed'),

    packetPhraseKey: (version) => subKey(version, 'packet-phrase'),

    publishedHash: (version) => createHash('sha256').update(subKey(version, 'packet-seed')).digest('hex'),
  };
}

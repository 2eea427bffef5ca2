import { type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { limits } from '../../../../src/config/limits.ts';
import type { RandomSource } from '../../../../src/runtime/runtime.ts';
import { createTurns } from '../../../../src/runtime/turns.ts';
import { GrpcError, grpcStatus } from '../grpc/grpc-status.ts';

/** A salted, slow hash of a password, as it is stored. */
export interface PasswordHash {
  /** How it was made; a hash of another making fits no password. */
  readonly kdf: string;
  /** Base64, like the hash. */
  readonly salt: string;
  readonly hash: string;
}

/** Slow hashing of passwords: so many at a time, so many waiting, and no more. */
export interface PasswordHasher {
  /** Throws `GrpcError` when the queue is full. */
  hash(password: string): Promise<PasswordHash>;
  /**
   * Whether the password is the one that was hashed. Without a hash it takes as long and answers false: the
   * time does not tell whether a user exists. Throws `GrpcError` when the queue is full.
   */
  verify(stored: PasswordHash | undefined, password: string): Promise<boolean>;
}

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** scrypt (RFC 7914) at one of OWASP's settings: 16 MiB a hash, five times over. */
const KDF = 'scrypt-16384-8-5';
const options: ScryptOptions = { N: 16_384, r: 8, p: 5, maxmem: 64 * 1024 * 1024 };

export function createPasswordHasher(random: RandomSource): PasswordHasher {
  const turns = createTurns({
    atOnceMax: limits.eventNode.passwordHashesAtOnceMax,
    queueMax: limits.eventNode.passwordHashQueueMax,
  });

  async function derive(password: string, salt: Uint8Array): Promise<Buffer> {
    const derived = await turns.take(
      () =>
        new Promise<Buffer>((resolve, reject) => {
          scrypt(password.normalize('NFC'), salt, HASH_BYTES, options, (error, key) =>
            error === null ? resolve(key) : reject(error),
          );
        }),
    );
    if (derived === 'busy') {
      throw new GrpcError(grpcStatus.unavailable, 'too many passwords wait to be checked; try again');
    }
    return derived;
  }

  return {
    async hash(password) {
      const salt = random.bytes(SALT_BYTES);
      const hash = await derive(password, salt);
      return { kdf: KDF, salt: Buffer.from(salt).toString('base64'), hash: hash.toString('base64') };
    },
    async verify(stored, password) {
      const salt = Buffer.from(stored?.salt ?? '', 'base64');
      const derived = await derive(password, salt);
      const expected = Buffer.from(stored?.hash ?? '', 'base64');
      return stored?.kdf === KDF && expected.length === HASH_BYTES && timingSafeEqual(derived, expected);
    },
  };
}

import { errors, jwtVerify, SignJWT } from 'jose';
import type { DeviceId, UserId } from '../domain/ids.ts';
import type { Clock, RandomSource } from '../runtime/runtime.ts';
import { signingKey } from './signing-key.ts';
import type { Vault } from './vault.ts';

/** Whoever typed the right PIN, where, and which of the account's PINs it was. */
export interface PaymentClaims {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** How often the account's PIN had been set: a token of an earlier PIN is worth nothing. */
  readonly pinNumber: number;
}

export interface PaymentToken {
  readonly paymentToken: string;
  readonly expiresAtMs: number;
}

/** Proofs of a right PIN, good for minutes: EdDSA JWTs (RFC 8037) under a key of their own, so no access tokens. */
export interface PaymentTokens {
  issue(claims: PaymentClaims): Promise<PaymentToken>;
  /** `undefined` for anything but a valid payment token of this server. */
  verify(paymentToken: string): Promise<PaymentClaims | undefined>;
}

export interface PaymentTokensOptions {
  readonly vault: Pick<Vault, 'ensureServerSecret'>;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly paymentTokenTtlMs: number;
}

const issuer = 'hongbao-payment';
const algorithm = 'EdDSA';

/** Payment tokens signed with a key in the vault, which is made on the first start. */
export async function createPaymentTokens(options: PaymentTokensOptions): Promise<PaymentTokens> {
  const { vault, clock, random, paymentTokenTtlMs } = options;
  const { privateKey, publicKey } = await signingKey(vault, 'payment-token-key', random);
  return {
    async issue({ userId, deviceId, pinNumber }) {
      const nowSecond = Math.floor(clock.nowMs() / 1000);
      const expiresAtSecond = nowSecond + Math.floor(paymentTokenTtlMs / 1000);
      const paymentToken = await new SignJWT({ device: deviceId, pin: pinNumber })
        .setProtectedHeader({ alg: algorithm })
        .setIssuer(issuer)
        .setSubject(userId)
        .setExpirationTime(expiresAtSecond)
        .sign(privateKey);
      return { paymentToken, expiresAtMs: expiresAtSecond * 1000 };
    },

    async verify(paymentToken) {
      try {
        const { payload } = await jwtVerify(paymentToken, publicKey, {
          algorithms: [algorithm],
          issuer,
          currentDate: new Date(clock.nowMs()),
          requiredClaims: ['sub', 'exp', 'device', 'pin'],
        });
        const { sub, device, pin } = payload;
        if (typeof device !== 'string' || typeof pin !== 'number') return undefined;
        return { userId: sub as UserId, deviceId: device as DeviceId, pinNumber: pin };
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}

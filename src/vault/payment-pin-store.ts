import type { UserId } from '../domain/ids.ts';

/**
 * Payment PINs: their hashes, and the tries at them. A PIN has a million values, so what protects it is that few are
 * tried: a try is counted, durably and for all processes, before anyone looks whether it is right.
 */
export interface PaymentPinStore {
  /** Sets a PIN whatever was there before, and forgets tries and locks. An argon2id hash in PHC form. */
  putPaymentPin(userId: UserId, phc: string): Promise<void>;
  /** Puts a hash in place of `from`. False, and nothing done, when the hash is another one by now. */
  replacePaymentPin(userId: UserId, change: { readonly from: string; readonly to: string }): Promise<boolean>;
  /** Until when no PIN is looked at, ms; 0 for one that was never locked. `undefined` without a PIN. */
  paymentPinLock(userId: UserId): Promise<number | undefined>;
  /** Counts a try. The last one of a row locks the PIN at once: a right one takes the lock away again. */
  takePinTry(userId: UserId, bounds: PinTryBounds): Promise<PinTry>;
  /** The PIN of this hash was right: forgets its tries and locks. False when the hash is another one by now. */
  forgivePinTries(userId: UserId, phc: string): Promise<boolean>;
}

export interface PinTryBounds {
  readonly nowMs: number;
  /** Tries until a lock. */
  readonly triesMax: number;
  /** The first lock; each further one is `lockGrowth` times as long as the one before, up to `lockMsMax`. */
  readonly lockMsMin: number;
  readonly lockGrowth: number;
  readonly lockMsMax: number;
}

export type PinTry =
  | { readonly kind: 'not-set' }
  | { readonly kind: 'locked'; readonly lockedUntilMs: number }
  /** The PIN may be looked at. `lockedUntilMs` is above `nowMs` when this was the last try before a lock. */
  | {
      readonly kind: 'taken';
      readonly phc: string;
      readonly triesLeft: number;
      readonly lockedUntilMs: number;
    };

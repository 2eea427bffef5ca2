import { paymentPinRefusal } from '../domain/account/payment-pin.ts';
import type { Rejection } from '../domain/decider.ts';
import { rejection } from '../domain/decider.ts';
import type { DeviceId, UserId } from '../domain/ids.ts';
import { streams } from '../domain/streams.ts';
import type { PasswordHasher } from '../vault/password-hasher.ts';
import type { PinTry } from '../vault/payment-pin-store.ts';
import type { PaymentToken, PaymentTokens } from '../vault/payment-tokens.ts';
import type { Vault } from '../vault/vault.ts';
import { faultOutcome } from './command-service.ts';
import { badCredentials } from './credentials.ts';
import { START } from './event-log.ts';
import { doneOf, rejected } from './outcomes.ts';
import { ownCommand } from './own-command.ts';
import type { Done, Outcome } from './requests.ts';
import type { WriteScope } from './write-scope.ts';

/** Who asks, and on which device. */
interface PinHolder {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
}

/** Whether there is a PIN, and until when it is locked, ms; `null` when it is not. */
export interface PinStatus {
  readonly isSet: boolean;
  readonly lockedUntilMs: number | null;
}

/**
 * Payment PINs. The vault has the hash and counts the tries; the log says that a PIN was set, and no more. None of
 * the promises rejects.
 */
export interface PaymentPins {
  /** Sets a PIN, or another one in place of one that was forgotten or locked. */
  set(request: PinHolder & { readonly pin: string; readonly password: string }): Promise<Outcome<Done>>;
  change(request: PinHolder & { readonly pin: string; readonly oldPin: string }): Promise<Outcome<Done>>;
  /** The right PIN gives a token with which this device may pay for some minutes. */
  verify(request: PinHolder & { readonly pin: string }): Promise<Outcome<PaymentToken>>;
  status(holder: PinHolder): Promise<Outcome<PinStatus>>;
}

export interface PaymentPinsOptions {
  readonly scope: Pick<WriteScope, 'aggregates' | 'preconditions' | 'runtime' | 'logger'>;
  readonly vault: Vault;
  readonly passwords: PasswordHasher;
  readonly paymentTokens: PaymentTokens;
  readonly bounds: {
    readonly paymentPinTriesMax: number;
    readonly paymentPinLockMsMin: number;
    readonly paymentPinLockGrowth: number;
    readonly paymentPinLockMsMax: number;
    readonly busyRetryAfterMs: number;
  };
}

const notSet = rejection('pin-not-set', 'The account has no payment PIN.');

export function createPaymentPins(options: PaymentPinsOptions): PaymentPins {
  const { scope, vault, passwords, paymentTokens, bounds } = options;
  const { aggregates, preconditions, runtime, logger } = scope;
  const busy = { kind: 'busy', retryAfterMs: bounds.busyRetryAfterMs } as const;

  /** Runs what an active account asks for on a device that is logged in. */
  async function guarded<Answer>(
    what: string,
    { userId, deviceId }: PinHolder,
    work: () => Promise<Outcome<Answer>>,
  ): Promise<Outcome<Answer>> {
    try {
      const refusal = await preconditions.actor(userId, deviceId);
      return refusal === undefined ? await work() : rejected(refusal);
    } catch (error) {
      return faultOutcome(error, (fault) =>
        logger.error({ err: fault, what, userId }, 'a PIN request failed'),
      );
    }
  }

  /** The hash of the PIN that was tried and right; every other outcome is the answer. A try is used up by a look only. */
  async function rightPin(
    userId: UserId,
    pin: string,
  ): Promise<{ readonly kind: 'right'; readonly phc: string } | Outcome<never>> {
    let taken: PinTry = { kind: 'not-set' };
    const isRight = await passwords.verifyPin(async () => {
      taken = await vault.takePinTry(userId, {
        nowMs: runtime.clock.nowMs(),
        triesMax: bounds.paymentPinTriesMax,
        lockMsMin: bounds.paymentPinLockMsMin,
        lockGrowth: bounds.paymentPinLockGrowth,
        lockMsMax: bounds.paymentPinLockMsMax,
      });
      return taken.kind === 'taken' ? taken.phc : undefined;
    }, pin);
    if (isRight === 'busy') return busy;
    return afterTry(taken, isRight, userId);
  }

  async function afterTry(
    taken: PinTry,
    isRight: boolean,
    userId: UserId,
  ): Promise<{ readonly kind: 'right'; readonly phc: string } | Outcome<never>> {
    if (taken.kind === 'not-set') return rejected(notSet);
    if (taken.kind === 'locked') return locked(taken.lockedUntilMs);
    const { phc, triesLeft, lockedUntilMs } = taken;
    // Of a PIN that was changed while it was tried, the tries are not this one's to forgive.
    if (isRight && (await vault.forgivePinTries(userId, phc))) return { kind: 'right', phc };
    return triesLeft === 0 ? locked(lockedUntilMs) : rejected(wrong(triesLeft));
  }

  function locked(lockedUntilMs: number): Outcome<never> {
    const retryAfterMs = Math.max(1, lockedUntilMs - runtime.clock.nowMs());
    const { code, message } = rejection('pin-locked', 'The payment PIN is locked after wrong tries.');
    return { kind: 'rejected', code, message, retryAfterMs };
  }

  /** The vault has the new PIN: if the log does not hear of it now, no refusal would be true. */
  async function record(userId: UserId): Promise<Outcome<Done>> {
    try {
      const command = ownCommand(runtime, userId, { type: 'RecordPaymentPin' } as const, {});
      const outcome = await aggregates.account.execute(streams.account(userId), command);
      if (outcome.kind === 'accepted') return doneOf(outcome);
      logger.warn({ userId, outcome: outcome.kind }, 'a payment PIN is set in the vault and not in the log');
    } catch (error) {
      logger.warn({ err: error, userId }, 'a payment PIN is set in the vault and not in the log');
    }
    return { kind: 'unknown' };
  }

  return {
    set: (request) =>
      guarded('set', request, async () => {
        const { userId, pin, password } = request;
        const weak = paymentPinRefusal(pin);
        if (weak !== undefined) return rejected(weak);
        const right = await passwords.verify(await vault.passwordHash(userId), password);
        if (right === 'busy') return busy;
        if (!right) return rejected(badCredentials);
        const hash = await passwords.hash(pin);
        if (hash === 'busy') return busy;
        await vault.putPaymentPin(userId, hash);
        return record(userId);
      }),

    change: (request) =>
      guarded('change', request, async () => {
        const { userId, pin, oldPin } = request;
        const weak = paymentPinRefusal(pin);
        if (weak !== undefined) return rejected(weak);
        const old = await rightPin(userId, oldPin);
        if (old.kind !== 'right') return old;
        const hash = await passwords.hash(pin);
        if (hash === 'busy') return busy;
        // Of two changes at once the second was asked for with a PIN that is not the right one any more.
        const replaced = await vault.replacePaymentPin(userId, { from: old.phc, to: hash });
        return replaced ? record(userId) : rejected(wrong(bounds.paymentPinTriesMax));
      }),

    verify: (request) =>
      guarded<PaymentToken>('verify', request, async () => {
        const { userId, deviceId, pin } = request;
        // Before the PIN is looked at: if it is set anew in between, the token is of the one before and worth nothing.
        const account = await aggregates.account.load(streams.account(userId), { maxAgeMs: 0 });
        const checked = await rightPin(userId, pin);
        if (checked.kind !== 'right') return checked;
        const token = await paymentTokens.issue({ userId, deviceId, pinNumber: account.state.paymentPins });
        return { kind: 'accepted', answer: token, position: START };
      }),

    status: (holder) =>
      guarded<PinStatus>('status', holder, async () => {
        const lockedUntilMs = await vault.paymentPinLock(holder.userId);
        const isLocked = lockedUntilMs !== undefined && lockedUntilMs > runtime.clock.nowMs();
        const answer = {
          isSet: lockedUntilMs !== undefined,
          lockedUntilMs: isLocked ? lockedUntilMs : null,
        };
        return { kind: 'accepted', answer, position: START };
      }),
  };
}

function wrong(triesLeft: number): Rejection {
  const tries = triesLeft === 1 ? '1 try is left' : `${triesLeft} tries are left`;
  return rejection('pin-wrong', `The payment PIN is wrong: ${tries} before it is locked.`);
}

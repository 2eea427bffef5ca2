import { hash, verify } from '@node-rs/argon2';
import { createTurns } from '../runtime/turns.ts';

/** Slow hashing of passwords and PINs, so many at a time and no more. */
export interface PasswordHasher {
  /** An argon2id hash in PHC form, or `busy` when the queue is full. */
  hash(password: string): Promise<string | 'busy'>;
  /**
   * Whether the password is the one that was hashed, or `busy`. Without a hash (there is no such user) it takes
   * as long and answers false: the time does not tell whether a user exists.
   */
  verify(phc: string | undefined, password: string): Promise<boolean | 'busy'>;
  /**
   * As `verify`, with the hash of a PIN that `takeTry` gives when it is this one's turn: whoever is told `busy` has
   * not used up a try. `undefined` is answered by `false`, at once.
   */
  verifyPin(takeTry: () => Promise<string | undefined>, pin: string): Promise<boolean | 'busy'>;
}

export interface PasswordHasherOptions {
  readonly passwordHashesAtOnceMax: number;
  readonly passwordHashQueueMax: number;
  readonly passwordHashMemoryKib: number;
  readonly passwordHashPasses: number;
  readonly passwordHashLanes: number;
}

/**
 * argon2id (RFC 9106) on libuv's thread pool. One hash takes tens of milliseconds of a core, so that a storm of
 * logins would take the pool from everything else: the number at once is bounded, and so is the queue.
 */
export function createPasswordHasher(options: PasswordHasherOptions): PasswordHasher {
  const cost = {
    memoryCost: options.passwordHashMemoryKib,
    timeCost: options.passwordHashPasses,
    parallelism: options.passwordHashLanes,
  };
  const turns = createTurns({
    atOnceMax: options.passwordHashesAtOnceMax,
    queueMax: options.passwordHashQueueMax,
  });
  let dummy: Promise<string> | undefined;

  return {
    hash: (password) => turns.take(() => hash(password, cost)),
    verify: (phc, password) =>
      turns.take(async () => {
        if (phc !== undefined) return verify(phc, password);
        dummy ??= hash('nobody has this password', cost);
        await verify(await dummy, password);
        return false;
      }),
    verifyPin: (takeTry, pin) =>
      turns.take(async () => {
        const phc = await takeTry();
        return phc !== undefined && verify(phc, pin);
      }),
  };
}

import { createHmac, timingSafeEqual } from 'node:crypto';
import { limits } from '../../../../src/config/limits.ts';
import type { RandomSource } from '../../../../src/runtime/runtime.ts';
import { unauthenticated } from '../grpc/grpc-status.ts';
import type { Access } from './access.ts';
import { type Credentials, parseBasicCredentials } from './basic-credentials.ts';
import { anonymous, type Caller } from './caller.ts';
import type { PasswordHasher } from './password-hash.ts';
import type { UserDirectory } from './user-directory.ts';

/** Credentials that were right for one state of a user. */
interface Verified {
  readonly revision: number;
  /** Keyed, with a key that lives no longer than the process: not worth a guess. */
  readonly mac: Buffer;
  readonly caller: Caller;
}

export interface AuthenticatorDeps {
  readonly users: UserDirectory;
  readonly hasher: PasswordHasher;
  readonly random: RandomSource;
}

/**
 * Checks callers' passwords. What was right is remembered with the revision of the user's stream, so that each
 * further call costs a look-up, and any change of the user makes it be checked again. What was wrong is not
 * remembered: each guess costs a slow hash.
 */
export function createAuthenticator({ users, hasher, random }: AuthenticatorDeps): Access['identify'] {
  const key = random.bytes(32);
  const verified = new Map<string, Verified>();
  /** Checks under way. A client that begins with a hundred calls costs one hash, not a hundred. */
  const underWay = new Map<string, Promise<Caller>>();

  async function verify({ login, password }: Credentials, mac: Buffer): Promise<Caller> {
    const found = users.find(login);
    const right = await hasher.verify(found?.user.password, password);
    if (found === undefined || !right || found.user.disabled) throw unauthenticated();
    const caller = { login, groups: found.user.groups };
    verified.delete(login);
    verified.set(login, { revision: found.revision, mac, caller });
    const [oldest] = verified.keys();
    if (verified.size > limits.eventNode.verifiedCredentialsMax && oldest !== undefined) {
      verified.delete(oldest);
    }
    return caller;
  }

  return (authorization) => {
    if (authorization === undefined) return anonymous;
    const credentials = parseBasicCredentials(authorization);
    if (credentials === undefined) throw unauthenticated();
    const { login, password } = credentials;
    const mac = createHmac('sha256', key).update(`${login}:${password}`).digest();
    const revision = users.revision(login);
    const known = verified.get(login);
    if (known !== undefined && known.revision === revision && timingSafeEqual(known.mac, mac)) {
      return known.caller;
    }
    const check = `${revision} ${mac.toString('base64')}`;
    let caller = underWay.get(check);
    if (caller === undefined) {
      caller = verify(credentials, mac).finally(() => underWay.delete(check));
      underWay.set(check, caller);
    }
    return caller;
  };
}

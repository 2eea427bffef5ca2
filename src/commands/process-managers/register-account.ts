/**
 * Registering touches three streams:
 *
 *     UsernameClaimed (username) ──► AccountRegistered (account) ──► WalletOpened (wallet)
 *
 * The claim holds all that the later steps need, and decides who has the name.
 */

import type { Rejection } from '../../domain/decider.ts';
import type { UserId } from '../../domain/ids.ts';
import type { Sealed } from '../../domain/sealed.ts';
import { streams } from '../../domain/streams.ts';
import { bodyHashOf } from '../canonical-json.ts';
import { derivedIds } from '../derived-ids.ts';
import type { Position } from '../event-log.ts';
import { EventLogUnavailable } from '../event-log.ts';
import type { WriteScope } from '../write-scope.ts';

/** What UsernameClaimed says. */
export interface ClaimedUsername {
  readonly userId: UserId;
  readonly username: Sealed;
  readonly nickname: Sealed;
  readonly correlationId: string;
  readonly causationId: string;
}

export type RegistrationResult =
  | { readonly kind: 'registered'; readonly position: Position }
  /** The account has been closed since. */
  | { readonly kind: 'refused'; readonly rejection: Rejection };

/** Walks the steps after the claim. Throws `EventLogUnavailable` when one cannot be taken now. */
export async function finishRegistration(
  { aggregates }: Pick<WriteScope, 'aggregates'>,
  claimed: ClaimedUsername,
): Promise<RegistrationResult> {
  const { userId, username, nickname, correlationId, causationId } = claimed;
  const origin = { actor: userId, correlationId, causationId, bodyHash: bodyHashOf({ userId }) };
  const registered = await aggregates.account.execute(streams.account(userId), {
    ...origin,
    command: { type: 'RegisterAccount', userId, username, nickname },
    commandId: derivedIds.step('register-account', userId),
  });
  if (registered.kind === 'rejected' && registered.rejection.code === 'account-closed') {
    return { kind: 'refused', rejection: registered.rejection };
  }
  if (registered.kind !== 'accepted') throw stuck('the account', registered);
  const opened = await aggregates.wallet.execute(streams.wallet(userId), {
    ...origin,
    command: { type: 'OpenWallet', userId },
    commandId: derivedIds.step('open-wallet', userId),
  });
  if (opened.kind !== 'accepted') throw stuck('the wallet', opened);
  return { kind: 'registered', position: opened.position };
}

function stuck(what: string, cause: unknown): EventLogUnavailable {
  return new EventLogUnavailable(`a registration is stuck before ${what}`, { cause });
}

import type { AccountEvent } from '../domain/account/account-events.ts';
import type { UserId } from '../domain/ids.ts';
import type { Sealed } from '../domain/sealed.ts';
import { streams } from '../domain/streams.ts';
import type { Keyring } from '../vault/keyring.ts';
import type { EventLog } from './event-log.ts';
import { eventOf } from './loaded-aggregate.ts';

export interface Profile {
  readonly username: string;
  readonly nickname: string;
}

/**
 * A user's names as the log has them. Read from both ends of the account's stream, since what lies between is
 * mostly devices. Throws `EventLogUnavailable`.
 */
export async function readProfile(
  { eventLog, keyring }: { readonly eventLog: EventLog; readonly keyring: Keyring },
  userId: UserId,
): Promise<Profile | undefined> {
  const stream = streams.account(userId);
  let username: Sealed | undefined;
  let nickname: Sealed | undefined;
  for await (const recorded of eventLog.readStream(stream, { maxCount: 1 })) {
    const event = eventOf<AccountEvent>(recorded);
    if (event.type === 'AccountRegistered') ({ username, nickname } = event.data);
  }
  for await (const recorded of eventLog.readStream(stream, { direction: 'backwards' })) {
    const event = eventOf<AccountEvent>(recorded);
    if (event.type !== 'ProfileChanged') continue;
    nickname = event.data.nickname;
    break;
  }
  if (username === undefined || nickname === undefined) return undefined;
  return {
    username: (await keyring.open(username)) ?? '',
    nickname: (await keyring.open(nickname)) ?? '',
  };
}

import type { EventLog } from '../../commands/event-log.ts';
import { accountDecider } from '../../domain/account/account-decider.ts';
import type { AccountEvent } from '../../domain/account/account-events.ts';
import type { AccountState } from '../../domain/account/account-state.ts';
import type { DeviceId, UserId } from '../../domain/ids.ts';
import type { Sealed } from '../../domain/sealed.ts';
import { streams } from '../../domain/streams.ts';
import { type FoldedStream, foldStream } from './fold-stream.ts';
import type { Moment } from './moment.ts';

export interface AccountView {
  readonly status: AccountState['status'];
  /** Why and since when it is frozen, unfrozen or closed; `null`: it is as it was registered. */
  readonly changed: { readonly atMs: number; readonly reason: string | null } | null;
  readonly registeredAtMs: number | null;
  readonly username: Sealed | null;
  readonly nickname: Sealed | null;
  readonly passwordChangedAtMs: number | null;
  /** `null`: there is no payment PIN. */
  readonly paymentPinSetAtMs: number | null;
  readonly devices: readonly {
    readonly deviceId: DeviceId;
    readonly name: Sealed | null;
    readonly addedAtMs: number | null;
  }[];
}

/** An account as it was at a moment. */
export async function accountAt(
  log: EventLog,
  userId: UserId,
  moment: Moment,
): Promise<FoldedStream<AccountView>> {
  const seen: { -readonly [Key in Exclude<keyof AccountView, 'status' | 'devices'>]: AccountView[Key] } = {
    changed: null,
    registeredAtMs: null,
    username: null,
    nickname: null,
    passwordChangedAtMs: null,
    paymentPinSetAtMs: null,
  };
  const added = new Map<DeviceId, { readonly name: Sealed; readonly addedAtMs: number }>();
  const observe = ({ type, data }: AccountEvent, { timeMs }: { readonly timeMs: number }): void => {
    switch (type) {
      case 'AccountRegistered':
        Object.assign(seen, { registeredAtMs: timeMs, username: data.username, nickname: data.nickname });
        break;
      case 'ProfileChanged':
        seen.nickname = data.nickname;
        break;
      case 'PasswordChanged':
        seen.passwordChangedAtMs = timeMs;
        break;
      case 'PaymentPinSet':
        seen.paymentPinSetAtMs = timeMs;
        break;
      case 'DeviceAdded':
        added.set(data.deviceId, { name: data.name, addedAtMs: timeMs });
        break;
      case 'DeviceRevoked':
        added.delete(data.deviceId);
        break;
      case 'AccountFrozen':
      case 'AccountUnfrozen':
        seen.changed = { atMs: timeMs, reason: data.reason };
        break;
      case 'AccountClosed':
        seen.changed = { atMs: timeMs, reason: null };
        break;
    }
  };
  const folded = await foldStream(log, streams.account(userId), accountDecider, moment, observe);
  const devices = folded.state.devices.map((deviceId) => ({
    deviceId,
    ...(added.get(deviceId) ?? { name: null, addedAtMs: null }),
  }));
  return { ...folded, state: { status: folded.state.status, ...seen, devices } };
}

import type { Decider, Decision, Rejection } from '../decider.ts';
import { accept, reject, rejection } from '../decider.ts';
import { domainLimits } from '../domain-limits.ts';
import type { DeviceId } from '../ids.ts';
import type { Sealed } from '../sealed.ts';
import type { AccountCommand } from './account-commands.ts';
import type { AccountEvent } from './account-events.ts';
import type { AccountState } from './account-state.ts';
import { evolveAccount, initialAccount } from './account-state.ts';

/**
 * Why this account may not do things now; `undefined` when it may. Everything that acts for a user asks this.
 */
export function accountRefusal(state: AccountState): Rejection | undefined {
  switch (state.status) {
    case 'none':
      return rejection('not-found', 'There is no such account.');
    case 'frozen':
      return rejection('account-frozen', 'The account is frozen.');
    case 'closed':
      return rejection('account-closed', 'The account is closed.');
    case 'active':
      return undefined;
  }
}

/** Memory of one device in the list. Measured: 70. */
const deviceBytes = 80;

/**
 * An account: registered once, may be frozen and unfrozen, closed for ever. What ends access (revoking a
 * device, a new password, freezing, closing) is possible while frozen too, except closing: whoever froze the
 * account decides about it first.
 */
export const accountDecider: Decider<AccountState, AccountCommand, AccountEvent> = {
  foldVersion: 2,
  initialState: initialAccount,
  decide,
  evolve: evolveAccount,
  isTerminal: (state) => state.status === 'closed',
  stateBytes: (state) => state.devices.length * deviceBytes,
  toSnapshot: (state) => state,
  fromSnapshot: (json) => json as AccountState,
};

function decide(command: AccountCommand, state: AccountState): Decision<AccountEvent> {
  if (command.type === 'RegisterAccount') {
    if (state.status === 'closed') return reject('account-closed', 'The account is closed.');
    if (state.status !== 'none') return accept();
    const { userId, username, nickname } = command;
    return accept({ type: 'AccountRegistered', data: { userId, username, nickname } });
  }
  if (state.status === 'none') return reject('not-found', 'There is no such account.');
  if (state.status === 'closed') {
    return command.type === 'CloseAccount' ? accept() : reject('account-closed', 'The account is closed.');
  }
  const frozen = state.status === 'frozen';
  switch (command.type) {
    case 'ChangeProfile':
      if (frozen) return reject('account-frozen', 'The account is frozen.');
      return accept({ type: 'ProfileChanged', data: { nickname: command.nickname } });
    case 'RecordPasswordChange':
      return accept({ type: 'PasswordChanged', data: {} });
    case 'RecordPaymentPin':
      // As a password: who was let in by the right proof changes it, whatever happened to the account meanwhile.
      return accept({ type: 'PaymentPinSet', data: {} });
    case 'AddDevice':
      if (frozen) return reject('account-frozen', 'The account is frozen.');
      return addDevice(state, command.deviceId, command.name);
    case 'RevokeDevice':
      if (!state.devices.includes(command.deviceId)) {
        return reject('device-unknown', 'The account has no such device.');
      }
      return accept({ type: 'DeviceRevoked', data: { deviceId: command.deviceId } });
    case 'FreezeAccount':
      return frozen ? accept() : accept({ type: 'AccountFrozen', data: { reason: command.reason } });
    case 'UnfreezeAccount':
      return frozen ? accept({ type: 'AccountUnfrozen', data: { reason: command.reason } }) : accept();
    case 'CloseAccount':
      if (frozen) return reject('account-frozen', 'The account is frozen.');
      return accept({ type: 'AccountClosed', data: {} });
  }
}

function addDevice(state: AccountState, deviceId: DeviceId, name: Sealed): Decision<AccountEvent> {
  if (state.devices.includes(deviceId)) return accept();
  const added: AccountEvent = { type: 'DeviceAdded', data: { deviceId, name } };
  const [oldest] = state.devices;
  // A login must not fail because of devices that nobody uses any more: the oldest makes room.
  if (oldest !== undefined && state.devices.length >= domainLimits.account.devicesMax) {
    return accept<AccountEvent>({ type: 'DeviceRevoked', data: { deviceId: oldest } }, added);
  }
  return accept(added);
}

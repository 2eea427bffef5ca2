import type { DeviceId, UserId } from '../ids.ts';
import type { AccountEvent } from './account-events.ts';

export interface AccountState {
  readonly status: 'none' | 'active' | 'frozen' | 'closed';
  readonly userId: UserId | null;
  /** In the order they were added; at most `domainLimits.account.devicesMax`. */
  readonly devices: readonly DeviceId[];
  /** How often a payment PIN was set: 0 for an account without one. */
  readonly paymentPins: number;
}

export const initialAccount: AccountState = { status: 'none', userId: null, devices: [], paymentPins: 0 };

export function evolveAccount(state: AccountState, event: AccountEvent): AccountState {
  switch (event.type) {
    case 'AccountRegistered':
      return { ...state, status: 'active', userId: event.data.userId };
    case 'ProfileChanged':
    case 'PasswordChanged':
      return state;
    case 'PaymentPinSet':
      return { ...state, paymentPins: state.paymentPins + 1 };
    case 'DeviceAdded':
      return { ...state, devices: [...state.devices, event.data.deviceId] };
    case 'DeviceRevoked':
      return { ...state, devices: state.devices.filter((device) => device !== event.data.deviceId) };
    case 'AccountFrozen':
      return { ...state, status: 'frozen' };
    case 'AccountUnfrozen':
      return { ...state, status: 'active' };
    case 'AccountClosed':
      return { ...state, status: 'closed', devices: [] };
  }
}

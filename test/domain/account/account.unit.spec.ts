import { describe, expect, it } from 'vitest';
import type { AccountCommand } from '../../../src/domain/account/account-commands.ts';
import { accountDecider, accountRefusal } from '../../../src/domain/account/account-decider.ts';
import type { AccountEvent } from '../../../src/domain/account/account-events.ts';
import { domainLimits } from '../../../src/domain/domain-limits.ts';
import { alice, deviceId, sealed } from '../../support/domain-fixtures.ts';
import { specification } from '../../support/given-when-then.ts';

const names = { userId: alice, username: sealed('alice'), nickname: sealed('Alice') };
const register: AccountCommand = { type: 'RegisterAccount', ...names };
const registered: AccountEvent = { type: 'AccountRegistered', data: names };
const frozen: AccountEvent = { type: 'AccountFrozen', data: { reason: 'reported' } };
const closed: AccountEvent = { type: 'AccountClosed', data: {} };
const changeProfile: AccountCommand = { type: 'ChangeProfile', nickname: sealed('Al') };
const phone = sealed('phone');
const addDevice = (number: number): AccountCommand => ({
  type: 'AddDevice',
  deviceId: deviceId(number),
  name: phone,
});
const deviceAdded = (number: number): AccountEvent => ({
  type: 'DeviceAdded',
  data: { deviceId: deviceId(number), name: phone },
});
const revokeDevice = (number: number): AccountCommand => ({
  type: 'RevokeDevice',
  deviceId: deviceId(number),
});
const deviceRevoked = (number: number): AccountEvent => ({
  type: 'DeviceRevoked',
  data: { deviceId: deviceId(number) },
});

const nobody = specification(accountDecider);
const account = nobody.given([registered]);
const frozenAccount = account.given([frozen]);
const closedAccount = account.given([closed]);

describe('an account', () => {
  it('is registered once; again is no change', () => {
    nobody.when(register).then([registered]).when(register).thenNothing();
  });

  it('does nothing before it is registered', () => {
    nobody.when(changeProfile).thenRejected('not-found');
    nobody.when({ type: 'CloseAccount' }).thenRejected('not-found');
  });

  it('changes its profile and password', () => {
    account.when(changeProfile).then([{ type: 'ProfileChanged', data: { nickname: sealed('Al') } }]);
    account.when({ type: 'RecordPasswordChange' }).then([{ type: 'PasswordChanged', data: {} }]);
  });

  it('adds a device once and revokes it once', () => {
    const withPhone = account.when(addDevice(1)).then([deviceAdded(1)]);
    withPhone.when(addDevice(1)).thenNothing();
    withPhone
      .when(revokeDevice(1))
      .then([deviceRevoked(1)])
      .when(revokeDevice(1))
      .thenRejected('device-unknown');
  });

  it('lets the oldest device go when there are too many', () => {
    const { devicesMax } = domainLimits.account;
    const devices = Array.from({ length: devicesMax }, (_, index) => deviceAdded(index));
    const crowded = account.given(devices);
    const after = crowded.when(addDevice(devicesMax)).then([deviceRevoked(0), deviceAdded(devicesMax)]);
    expect(after.state.devices).toHaveLength(devicesMax);
  });

  it('is frozen and unfrozen, each once', () => {
    account.when({ type: 'FreezeAccount', reason: 'reported' }).then([frozen]);
    frozenAccount.when({ type: 'FreezeAccount', reason: 'again' }).thenNothing();
    account.when({ type: 'UnfreezeAccount', reason: 'checked' }).thenNothing();
    const thawed = frozenAccount
      .when({ type: 'UnfreezeAccount', reason: 'checked' })
      .then([{ type: 'AccountUnfrozen', data: { reason: 'checked' } }]);
    thawed.when(changeProfile).thenAccepted();
  });

  it('lets nobody in while it is frozen, and still ends access', () => {
    frozenAccount.when(addDevice(1)).thenRejected('account-frozen');
    frozenAccount.when(changeProfile).thenRejected('account-frozen');
    frozenAccount.when({ type: 'CloseAccount' }).thenRejected('account-frozen');
    account
      .given([deviceAdded(1), frozen])
      .when(revokeDevice(1))
      .then([deviceRevoked(1)]);
    frozenAccount.when({ type: 'RecordPasswordChange' }).thenAccepted();
  });

  it('is closed for ever', () => {
    account.when({ type: 'CloseAccount' }).then([closed]);
    closedAccount.when({ type: 'CloseAccount' }).thenNothing();
    for (const command of [register, changeProfile, addDevice(1), revokeDevice(1)]) {
      closedAccount.when(command).thenRejected('account-closed');
    }
    expect(accountDecider.isTerminal(closedAccount.state)).toBe(true);
    expect(accountDecider.isTerminal(frozenAccount.state)).toBe(false);
  });

  it('says why it may not act', () => {
    expect(accountRefusal(nobody.state)?.code).toBe('not-found');
    expect(accountRefusal(account.state)).toBeUndefined();
    expect(accountRefusal(frozenAccount.state)?.code).toBe('account-frozen');
    expect(accountRefusal(closedAccount.state)?.code).toBe('account-closed');
  });
});

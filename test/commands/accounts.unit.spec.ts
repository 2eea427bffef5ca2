import { describe, expect, it } from 'vitest';
import type { EventLog } from '../../src/commands/event-log.ts';
import { EventLogUnavailable } from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import type { PasswordHasher } from '../../src/vault/password-hasher.ts';
import type { Person, Process } from './support/write-side-world.ts';
import { ask, eventsOf, registered, world } from './support/write-side-world.ts';

/** Hashes in no time, but for what a test holds up. */
function heldPasswords() {
  let held: { readonly reached: PromiseWithResolvers<void>; readonly goOn: Promise<void> } | undefined;
  const pass = async (): Promise<void> => {
    const { reached, goOn } = held ?? {};
    held = undefined;
    reached?.resolve();
    await goOn;
  };
  const passwords: PasswordHasher = {
    async hash(password) {
      await pass();
      return `quick:${password}`;
    },
    async verify(phc, password) {
      await pass();
      return phc === `quick:${password}`;
    },
    verifyPin: async (takeTry, pin) => (await takeTry()) === `quick:${pin}`,
  };
  /** The next hash waits until the returned `goOn` is called; `reached` resolves when it waits. */
  const holdNext = () => {
    const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    held = { reached, goOn: goOn.promise };
    return { reached: reached.promise, goOn: () => goOn.resolve() };
  };
  return { passwords, holdNext };
}

/** A log whose reads fail while the outage is on. */
function breakable(log: EventLog) {
  const outage = { isOn: false };
  const eventLog: EventLog = {
    ...log,
    async *readStream(stream, options) {
      if (outage.isOn) throw new EventLogUnavailable('down');
      yield* log.readStream(stream, options);
    },
  };
  return { eventLog, outage };
}

const logIn = (side: Process, password: string) =>
  side.accounts.logIn({ username: 'alice', password, deviceName: 'another' });
const change = (side: Process, alice: Person) =>
  side.accounts.changePassword({ ...alice, oldPassword: 'alice-password', newPassword: 'a better one' });

describe('a change of password', () => {
  it('ends the session of a device that logged in with the old one while the new one was hashed', async () => {
    const { passwords, holdNext } = heldPasswords();
    const w = world();
    const side = await w.start({ passwords });
    const alice = await registered(side, 'alice');
    const verifying = holdNext();
    const changing = change(side, alice);
    await w.runtime.settle(verifying.reached);
    const thief = await w.runtime.settle(logIn(side, 'alice-password'));
    if (thief.kind !== 'accepted') throw new Error(JSON.stringify(thief));
    verifying.goOn();
    expect(await w.runtime.settle(changing)).toMatchObject({ kind: 'accepted' });
    await w.runtime.advance(2_000);
    const { userId, deviceId, tokens } = thief.answer;
    expect(await ask(w, side, { userId, deviceId }, 'changeProfile', { nickname: 'x' })).toMatchObject({
      code: 'unauthenticated',
    });
    expect(await w.runtime.settle(side.accounts.refresh(tokens.refreshToken))).toMatchObject({
      code: 'unauthenticated',
    });
    expect(await ask(w, side, alice, 'changeProfile', { nickname: 'x' })).toMatchObject({ kind: 'accepted' });
  });

  it('lets nobody in whose old password was found right just before it', async () => {
    const { passwords, holdNext } = heldPasswords();
    const w = world();
    const side = await w.start({ passwords });
    const alice = await registered(side, 'alice');
    const verifying = holdNext();
    // Its verdict is made of the hash that it has read by now.
    const thief = logIn(side, 'alice-password');
    await w.runtime.settle(verifying.reached);
    expect(await w.runtime.settle(change(side, alice))).toMatchObject({ kind: 'accepted' });
    verifying.goOn();
    expect(await thief).toMatchObject({ kind: 'rejected', code: 'bad-credentials' });
    expect(await logIn(side, 'a better one')).toMatchObject({ kind: 'accepted' });
  });
});

describe('a change of password that fails half-way', () => {
  /** Alice, a thief who knows her password, and a log that stops answering when the new password is stored. */
  async function halfDone() {
    const w = world();
    const side = await w.start();
    const alice = await registered(side, 'alice');
    const thief = await logIn(side, 'alice-password');
    if (thief.kind !== 'accepted') throw new Error(JSON.stringify(thief));
    const { eventLog, outage } = breakable(side.mortal.log);
    const failing = await w.start({ eventLog });
    const replace = w.vault.replacePasswordHash.bind(w.vault);
    w.vault.replacePasswordHash = async (...change) => {
      const replaced = await replace(...change);
      outage.isOn = true;
      return replaced;
    };
    const outcome = await w.runtime.settle(change(failing, alice));
    outage.isOn = false;
    w.vault.replacePasswordHash = replace;
    return { w, side, alice, thief: thief.answer, outcome };
  }

  it('is answered as unknown: the new password holds', async () => {
    const { side, outcome } = await halfDone();
    expect(outcome).toEqual({ kind: 'unknown' });
    expect(await logIn(side, 'alice-password')).toMatchObject({ code: 'bad-credentials' });
    expect(await logIn(side, 'a better one')).toMatchObject({ kind: 'accepted' });
  });

  it('has ended the refreshing of every other device, and of no other than those', async () => {
    const { side, w, thief } = await halfDone();
    expect(await side.accounts.refresh(thief.tokens.refreshToken)).toMatchObject({ code: 'unauthenticated' });
    const revoked = [...w.vault.tokens.values()].filter(({ deviceId }) => deviceId !== thief.deviceId);
    expect(revoked.map(({ familyId }) => w.vault.isRevoked(familyId))).toEqual([false]);
  });

  it('is finished by the same request', async () => {
    const { w, side, alice, thief } = await halfDone();
    expect(eventsOf(w, 'DeviceRevoked')).toEqual([]);
    expect(await w.runtime.settle(change(side, alice))).toMatchObject({ kind: 'accepted' });
    expect(eventsOf(w, 'DeviceRevoked').map(({ data }) => data)).toEqual([{ deviceId: thief.deviceId }]);
    expect(eventsOf(w, 'PasswordChanged')).toHaveLength(1);
  });
});

describe('two changes of a password at once', () => {
  it('leave the first one’s password, and tell the other that the old one is wrong', async () => {
    const { passwords, holdNext } = heldPasswords();
    const w = world();
    const side = await w.start({ passwords });
    const alice = await registered(side, 'alice');
    const verifying = holdNext();
    const second = side.accounts.changePassword({
      ...alice,
      oldPassword: 'alice-password',
      newPassword: 'of the thief',
    });
    await w.runtime.settle(verifying.reached);
    expect(await w.runtime.settle(change(side, alice))).toMatchObject({ kind: 'accepted' });
    verifying.goOn();
    expect(await w.runtime.settle(second)).toMatchObject({ kind: 'rejected', code: 'bad-credentials' });
    expect(await logIn(side, 'a better one')).toMatchObject({ kind: 'accepted' });
  });
});

describe('a login', () => {
  it('is answered as unknown when its device is in the log and gets no tokens', async () => {
    const w = world();
    const side = await w.start();
    await registered(side, 'alice');
    w.vault.putRefreshToken = () => Promise.reject(new Error('the vault does not answer'));
    expect(await logIn(side, 'alice-password')).toEqual({ kind: 'unknown' });
    expect(eventsOf(w, 'DeviceAdded')).toHaveLength(2);
  });
});

describe('a logout', () => {
  it('leaves the session as it was when the log does not answer', async () => {
    const w = world();
    const side = await w.start();
    const session = await side.accounts.register({
      username: 'alice',
      password: 'alice-password',
      nickname: 'alice',
      deviceName: 'phone',
    });
    if (session.kind !== 'accepted') throw new Error(JSON.stringify(session));
    const { eventLog, outage } = breakable(side.mortal.log);
    const failing = await w.start({ eventLog });
    outage.isOn = true;
    expect(await w.runtime.settle(failing.accounts.logOut(session.answer))).toMatchObject({
      code: 'unavailable',
    });
    expect(await side.accounts.refresh(session.answer.tokens.refreshToken)).toMatchObject({
      kind: 'accepted',
    });
  });
});

describe('a refresh', () => {
  it('uses no token up while the log does not answer', async () => {
    const w = world();
    const side = await w.start();
    const session = await side.accounts.register({
      username: 'alice',
      password: 'alice-password',
      nickname: 'alice',
      deviceName: 'phone',
    });
    if (session.kind !== 'accepted') throw new Error(JSON.stringify(session));
    const { refreshToken } = session.answer.tokens;
    side.mortal.kill();
    // Nobody ever gets an answer to this.
    void side.accounts.refresh(refreshToken);
    const later = await w.start();
    await w.runtime.advance(limits.vault.refreshRetryGraceMs + 1);
    expect(await later.accounts.refresh(refreshToken)).toMatchObject({ kind: 'accepted' });
  });
});

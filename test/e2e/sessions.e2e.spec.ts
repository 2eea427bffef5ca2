import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../src/client/index.ts';
import { anotherDevice, befriend, codeOf, type Person, register, say } from '../support/people.ts';
import { type SecondApp, startSecondApp } from '../support/second-app.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** Who is logged in where, over two server processes that share nothing but their engines. */
describe('sessions', () => {
  let server: TestServer;
  let second: SecondApp;
  let alice: Person;
  let bob: Person;
  const devices: Client[] = [];

  beforeAll(async () => {
    server = await startServer();
    second = await startSecondApp(server);
    [alice, bob] = await Promise.all([register('Alice', server.url), register('Bob', server.url)]);
  });

  afterAll(async () => {
    for (const client of [alice?.client, bob?.client, ...devices]) client?.disconnect();
    await second?.stop();
    await server?.close();
  });

  it('a change of password ends the sessions of every other device, and keeps its own', async () => {
    const phone = await anotherDevice(alice, server.url);
    devices.push(phone);
    const ended = phone.next('sessionEnded');
    await alice.client.changePassword(alice.password, 'a new password');
    await ended;
    expect(await codeOf(phone.me())).toBe('closed');
    expect(alice.client.state).toBe('connected');
    expect((await alice.client.me()).user.userId).toBe(alice.userId);
  });

  it('the old password is worth nothing from then on, on any server', async () => {
    for (const url of [server.url, second.url]) {
      expect(await codeOf(anotherDevice(alice, url)), url).toBe('bad-credentials');
      devices.push(await anotherDevice({ ...alice, password: 'a new password' }, url));
    }
  });

  it('without a bus between the servers, one that hears nothing tells its clients to read again', async () => {
    const chat = await befriend(alice, bob);
    const far = await anotherDevice(bob, second.url);
    devices.push(far);
    const told = far.next('resync', ({ conversationId }) => conversationId === null);
    const seq = await say(alice, chat, 'over there');
    await told;
    const { items } = await far.messages(chat, { after: seq - 1 });
    expect(items).toMatchObject([{ kind: 'text', text: 'over there', seq }]);
  });

  it('a device that logs out is gone, and only that', async () => {
    const tablet = await anotherDevice(bob, server.url);
    devices.push(tablet);
    await tablet.logOut();
    expect(tablet.session).toBeUndefined();
    expect(bob.client.state).toBe('connected');
  });
});

import { describe, expect, it } from 'vitest';
import type { ClientSession } from '../../src/client/index.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';
import { memoryStorage, scriptedServer } from './support/scripted-server.ts';

const account = { username: 'a', password: 'b' };

function setUp() {
  const runtime = virtualRuntime();
  const server = scriptedServer(runtime);
  const storage = memoryStorage();
  const storedDevice = () => {
    const text = storage.getItem('hongbao.session');
    return text === null ? undefined : (JSON.parse(text) as ClientSession).deviceId;
  };
  /** Answers to `path` wait until the returned function is called. */
  const hold = (path: string) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.gates.set(path, promise);
    return resolve;
  };
  return { runtime, server, storage, storedDevice, hold };
}

describe('two clients after each other on one storage', () => {
  it('a late logging out of the first leaves the session of the second alone', async () => {
    const { runtime, server, storage, storedDevice, hold } = setUp();
    const alice = server.client({ storage });
    await runtime.settle(alice.logIn(account));
    const answerLogout = hold('/api/logout');
    const left = alice.logOut();
    const bob = server.client({ storage });
    const { deviceId } = await runtime.settle(bob.logIn(account));
    answerLogout();
    await runtime.settle(left);
    expect(alice.session).toBe(undefined);
    expect(storedDevice()).toBe(deviceId);
    expect(server.client({ storage }).resume()).toBe(true);
  });

  it('late fresh tokens of the first do not take the place of the session of the second', async () => {
    const { runtime, server, storage, storedDevice, hold } = setUp();
    const alice = server.client({ storage });
    await runtime.settle(alice.logIn(account));
    await runtime.advance(600_000);
    const answerRefresh = hold('/api/refresh');
    const read = alice.me();
    await runtime.flush();
    const { deviceId } = await runtime.settle(server.client({ storage }).logIn(account));
    answerRefresh();
    await runtime.settle(read);
    expect(server.refreshes).toBe(1);
    expect(storedDevice()).toBe(deviceId);
  });

  it('fresh tokens of a session that is still stored are stored', async () => {
    const { runtime, server, storage } = setUp();
    const alice = server.client({ storage });
    await runtime.settle(alice.logIn(account));
    await runtime.advance(600_000);
    await runtime.settle(alice.me());
    const stored = JSON.parse(storage.getItem('hongbao.session') ?? '') as ClientSession;
    expect(stored).toEqual(alice.session);
    expect(stored.tokens.accessToken).toBe('access-2');
  });

  it('a reload while the logging out is under way finds nobody', async () => {
    const { runtime, server, storage, hold } = setUp();
    const alice = server.client({ storage });
    await runtime.settle(alice.logIn(account));
    const answerLogout = hold('/api/logout');
    const left = alice.logOut();
    await runtime.flush();
    expect(server.client({ storage }).resume()).toBe(false);
    answerLogout();
    await runtime.settle(left);
  });

  it('whoever logs in while the same client is still logging out stays', async () => {
    const { runtime, server, storage, storedDevice, hold } = setUp();
    const client = server.client({ storage });
    await runtime.settle(client.logIn(account));
    const answerLogout = hold('/api/logout');
    const left = client.logOut();
    await runtime.flush();
    const { deviceId } = await runtime.settle(client.logIn(account));
    answerLogout();
    await runtime.settle(left);
    expect(client.session?.deviceId).toBe(deviceId);
    expect(storedDevice()).toBe(deviceId);
  });
});

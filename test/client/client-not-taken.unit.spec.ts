import { describe, expect, it } from 'vitest';
import { closeCodes } from '../../src/protocol/close-codes.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';
import { memoryStorage, scriptedServer } from './support/scripted-server.ts';

async function connected() {
  const runtime = virtualRuntime();
  const server = scriptedServer(runtime);
  const storage = memoryStorage();
  const client = server.client({ storage });
  const told: unknown[] = [];
  client.on('disconnected', (end) => told.push(end));
  client.on('sessionEnded', () => told.push('sessionEnded'));
  await runtime.settle(client.logIn({ username: 'a', password: 'b' }));
  await runtime.settle(client.connect());
  return { runtime, server, storage, client, told };
}

describe('a client that the server does not take any more', () => {
  it('says so and gives up what is under way, and its user stays logged in', async () => {
    const { server, storage, client, told } = await connected();
    const request = client.request('leaveGroup', { groupId: 'g' as never });
    const { code } = closeCodes.versionNotServed;
    server.last().end(code, 'versionNotServed');
    await expect(request).rejects.toMatchObject({ code: 'closed' });
    expect(told).toEqual([{ code, reason: 'versionNotServed', retryInMs: null }]);
    expect(client.session).toBeDefined();
    expect(server.client({ storage }).resume()).toBe(true);
  });

  it('fails to connect, and does when asked to once the server takes it again', async () => {
    const { runtime, server, client } = await connected();
    client.disconnect();
    const connecting = client.connect();
    await runtime.flush();
    server.last().end(closeCodes.versionNotServed.code, 'versionNotServed');
    await expect(connecting).rejects.toMatchObject({ code: 'closed', message: 'versionNotServed' });
    await runtime.settle(client.connect());
    expect(client.state).toBe('connected');
  });

  it('is another thing than a session that is over', async () => {
    const { server, storage, client, told } = await connected();
    server.last().end(closeCodes.sessionRevoked.code, 'sessionRevoked');
    expect(told.at(-1)).toBe('sessionEnded');
    expect(client.session).toBe(undefined);
    expect(server.client({ storage }).resume()).toBe(false);
  });
});

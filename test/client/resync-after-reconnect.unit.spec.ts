import { describe, expect, it } from 'vitest';
import { limits } from '../../src/config/limits.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';
import { scriptedServer } from './support/scripted-server.ts';

const everything = { conversationId: null, from: null };

async function connected() {
  const runtime = virtualRuntime();
  const server = scriptedServer(runtime);
  const client = server.client();
  const told: unknown[] = [];
  client.on('connected', () => told.push('connected'));
  client.on('resync', (resync) => told.push(resync));
  await runtime.settle(client.logIn({ username: 'a', password: 'b' }));
  await runtime.settle(client.connect());
  return { runtime, server, client, told };
}

describe('that updates may have been missed', () => {
  it('is told after every reconnect, and not after the first connect', async () => {
    const { runtime, server, told } = await connected();
    expect(told).toEqual(['connected']);
    for (const reconnects of [1, 2]) {
      server.last().end(1006);
      await runtime.advance(limits.client.reconnectDelayMsMax);
      expect(told).toEqual(['connected', ...Array(reconnects).fill(['connected', everything]).flat()]);
    }
  });

  it('is told after the application has disconnected and connects again', async () => {
    const { runtime, client, told } = await connected();
    client.disconnect();
    await runtime.settle(client.connect());
    expect(told).toEqual(['connected', 'connected', everything]);
  });

  it('is not told to the next session of the same client', async () => {
    const { runtime, client, told } = await connected();
    await runtime.settle(client.logIn({ username: 'c', password: 'd' }));
    await runtime.settle(client.connect());
    expect(told).toEqual(['connected', 'connected']);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { limits } from '../../src/config/limits.ts';
import { Hub } from '../../src/gateway/hub/hub.ts';
import { Connection } from '../../src/gateway/socket/connection.ts';
import { SocketGateway } from '../../src/gateway/socket/socket-gateway.ts';
import { sealedOpener } from '../../src/gateway/views/open-sealed.ts';
import { UserDirectory } from '../../src/gateway/views/user-directory.ts';
import { bounds } from '../../src/protocol/bounds.ts';
import { closeCodes } from '../../src/protocol/close-codes.ts';
import { alice } from '../support/domain-fixtures.ts';
import { type VirtualRuntime, virtualRuntime } from '../support/virtual-runtime.ts';
import { fakeBackEnd } from './support/fake-back-end.ts';
import type { AnyFrame } from './support/raw-socket.ts';

/** What a client's messages cost it, in virtual time: the allowance does not refill by itself. */
describe('a message of a client', () => {
  let runtime: VirtualRuntime;
  let gateway: SocketGateway;
  let connection: Connection;
  let sent: AnyFrame[];
  let closedWith: number | undefined;

  beforeEach(() => {
    runtime = virtualRuntime();
    const { deps } = fakeBackEnd({ runtime });
    const open = sealedOpener(deps.keyring, deps.logger);
    const hub = new Hub(async () => []);
    const directory = new UserDirectory(deps.reads, open, runtime);
    gateway = new SocketGateway({ ...deps, hub, directory, open });
    sent = [];
    closedWith = undefined;
    const webSocket: Partial<WebSocket> = {
      bufferedAmount: 0,
      send: (data: unknown) => {
        const parsed = JSON.parse(String(data)) as AnyFrame | AnyFrame[];
        sent.push(...(Array.isArray(parsed) ? parsed : [parsed]));
      },
      close: (code) => {
        closedWith = code;
      },
    };
    connection = new Connection(webSocket as WebSocket, 0);
    connection.phase = 'open';
    connection.userId = alice;
  });

  const receive = (data: string) => gateway.received(connection, Buffer.from(data), false);
  const ping = (id: number) => ({ id, type: 'ping', data: {} });
  const pad = (bytes: number) => JSON.stringify({ id: 7, type: 'ping', data: { pad: 'x'.repeat(bytes) } });

  async function answerTo(id: number): Promise<AnyFrame | undefined> {
    receive(JSON.stringify(ping(id)));
    await runtime.advance(0);
    return sent.find((frame) => frame.id === id);
  }

  it('that holds no frame costs one all the same', async () => {
    for (let n = 0; n < limits.gateway.framesBurst; n++) receive('[]');
    expect((await answerTo(1))?.error?.code).toBe('rate-limited');
  });

  it('that is large costs as many frames as its bytes make, before it is read', async () => {
    const framesEach = limits.gateway.socketMessageBytesMax / limits.gateway.bytesPerFrame;
    const large = pad(limits.gateway.socketMessageBytesMax - 1_000);
    const affordable = Math.floor(limits.gateway.framesBurst / framesEach);
    for (let n = 0; n < affordable; n++) receive(large);
    await runtime.advance(0);
    expect(sent.map(({ error }) => error?.code)).toEqual(Array(affordable).fill('bad-request'));
    receive(large);
    await runtime.advance(0);
    expect(sent.at(-1)).toMatchObject({ id: 7, error: { code: 'rate-limited' } });
  });

  it('costs its frames: each too many is told so by its id, the others are answered', async () => {
    const { framesBurst } = limits.gateway;
    for (let start = 0; start < framesBurst + 20; start += bounds.framesPerMessage / 2) {
      receive(JSON.stringify(Array.from({ length: bounds.framesPerMessage / 2 }, (_, n) => ping(start + n))));
    }
    await runtime.advance(0);
    expect(sent.map(({ id }) => id)).toEqual(sent.map((_, index) => index));
    expect(sent.filter(({ ok }) => ok)).toHaveLength(framesBurst);
    expect(sent.slice(framesBurst).every(({ error }) => error?.code === 'rate-limited')).toBe(true);
  });

  it('is told what is wrong with it, but not where it is so large that looking is a burden', async () => {
    receive(JSON.stringify({ id: 7, type: 'ping', data: {}, extra: 1 }));
    receive(pad(limits.gateway.describedBytesMax));
    await runtime.advance(0);
    const messages = sent.map(({ error }) => error?.message);
    expect(messages[0]).toContain('frame/extra');
    expect(messages[1]).toBe('data is malformed');
  });

  it('is refused after too many, and far too many without a pause end the connection', async () => {
    const { framesBurst, framesRefusedMax, framesPerSecond } = limits.gateway;
    const flood = (count: number) => {
      for (let n = 0; n < count; n++) receive('[]');
    };
    flood(framesBurst + framesRefusedMax);
    expect(closedWith).toBeUndefined();
    // A pause in which the allowance refills makes up for it.
    await runtime.advance((framesBurst / framesPerSecond) * 1_000);
    flood(framesBurst + framesRefusedMax);
    expect(closedWith).toBeUndefined();
    receive('[]');
    expect(closedWith).toBe(closeCodes.tooFast.code);
  });

  it.each([
    ['no JSON', '{"id": 2, '],
    ['no frame', '{"type":"ping"}'],
    ['another frame', '{"id":1,"type":"ping","data":{}}'],
    ['a hello that is malformed', '{"id":1,"type":"hello","data":{}}'],
  ])('ends the connection when it comes before the hello and is %s', (_what, data) => {
    connection.phase = 'awaiting-hello';
    receive(data);
    expect(sent).toHaveLength(1);
    expect(closedWith).toBe(closeCodes.protocolViolation.code);
  });
});

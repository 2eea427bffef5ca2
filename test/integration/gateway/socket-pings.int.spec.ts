import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { limits } from '../../../src/config/limits.ts';
import {
  type FakeBackEnd,
  fakeBackEnd,
  type RunningGateway,
  startGateway,
} from '../../gateway/support/fake-back-end.ts';
import { openSocket, type RawSocket } from '../../gateway/support/raw-socket.ts';

/** Pings of the WebSocket protocol itself, which proxies and browsers' networks send; not the frame `ping`. */
let backEnd: FakeBackEnd;
let gateway: RunningGateway;
let socket: RawSocket;

beforeEach(async () => {
  backEnd = fakeBackEnd();
  gateway = await startGateway(backEnd);
  socket = await openSocket(gateway.url);
  await socket.hello(backEnd.addUser('alice').token);
});

afterEach(async () => {
  socket.webSocket.terminate();
  await gateway.close();
});

it('a ping is answered with its payload', async () => {
  socket.webSocket.ping('still there?');
  const [payload] = await once(socket.webSocket, 'pong');
  expect(String(payload)).toBe('still there?');
});

it('pings faster than the rate of frames are not all answered, and the connection lives on', async () => {
  let pongs = 0;
  socket.webSocket.on('pong', () => {
    pongs += 1;
  });
  const count = limits.gateway.framesBurst + 500;
  for (let sent = 0; sent < count; sent += 1) socket.webSocket.ping();
  // Replies come in the order of what was received: after this one, all pongs are here.
  socket.send({ id: 9, type: 'ping', data: {} });
  await socket.reply(9);
  expect(pongs).toBeGreaterThanOrEqual(limits.gateway.framesBurst - 1);
  expect(pongs).toBeLessThan(count);
});

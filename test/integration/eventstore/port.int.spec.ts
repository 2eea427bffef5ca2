/** The node's one port: gRPC and plain HTTP, in plain text and in TLS, and peers that speak neither. */
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { EventStoreDBClient, jsonEvent, START } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../../src/config/limits.ts';
import { someCertificates } from '../../support/certificates.ts';
import { aNode, runtime } from './support.ts';

const certificates = someCertificates();
/** Deadlines for first words come soon; everything else takes its time. */
const hurried = {
  ...runtime,
  timers: {
    ...runtime.timers,
    after: (delayMs: number, callback: () => void) =>
      runtime.timers.after(
        delayMs === limits.eventNode.handshakeMs || delayMs === limits.eventNode.httpConnectionMs
          ? 200
          : delayMs,
        callback,
      ),
  },
};

const cleanups: (() => unknown)[] = [];
let plainPort: number;
let tlsPort: number;
beforeAll(async () => {
  const plain = await aNode({ runtime: hurried });
  const tls = await aNode({ runtime: hurried, tls: certificates, secure: true });
  plainPort = plain.node.port;
  tlsPort = tls.node.port;
  cleanups.push(plain.close, tls.close);
});
afterAll(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

type Line = 'plain text' | 'TLS';

function open(line: Line, ALPNProtocols: string[] = []): Socket | TLSSocket {
  const socket =
    line === 'plain text'
      ? connectTcp(plainPort, '127.0.0.1')
      : connectTls({ port: tlsPort, host: '127.0.0.1', ca: certificates.authority, ALPNProtocols });
  socket.on('error', () => {});
  return socket;
}

function session(line: Line): ClientHttp2Session {
  const opened =
    line === 'plain text'
      ? connectHttp2(`http://127.0.0.1:${plainPort}`)
      : connectHttp2(`https://127.0.0.1:${tlsPort}`, { ca: certificates.authority });
  opened.on('error', () => {});
  return opened;
}

/** However it comes: a cut may show as an error first. */
const closeOf = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve));

async function all(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk.toString();
  return text;
}

describe.each(['plain text', 'TLS'] as const)('over %s', (line) => {
  test.each([['http/1.1'], []])(
    'HTTP/1.1 gets its page and the end of the connection (ALPN: %s)',
    async (...alpn) => {
      const socket = open(line, alpn);
      socket.write('GET /health?x=1 HTTP/1.1\r\nHost: a\r\n\r\n');
      const answer = await all(socket);
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-type: application\/json\r\n/);
      expect(answer).toMatch(/{"live":true,"ready":true,"position":\d+,"protocolVersion":"23.10.0"}\n$/);
    },
  );

  test('HTTP/1.1 that comes letter by letter gets its page', async () => {
    const socket = open(line);
    for (const letter of 'PRI/ HTTP/1.1\r\n\r\n') {
      await new Promise((resolve) => socket.write(letter, resolve));
    }
    expect(await all(socket)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each([
    ['GET', '/health', 200],
    ['HEAD', '/health', 200],
    ['GET', '/nowhere', 404],
    ['PUT', '/health', 415],
  ])('HTTP/2 gets pages too: %s %s', async (method, path, status) => {
    const connection = session(line);
    const stream = connection.request({ ':method': method, ':path': path });
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(status);
    const body = await all(stream);
    expect(body.includes('"ready":true')).toBe(method === 'GET' && status === 200);
    connection.destroy();
  });

  test.each([
    ['says nothing', ''],
    ['stops inside the preface', 'PRI * HTTP/2.0\r\n'],
    ['stops behind the preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['stops inside a request', 'GET /health HTTP/1.1\r\nHost'],
    ['sends garbage', '\x00\xff\x13\x37 and so on'],
    [
      'sends garbage behind the preface',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff',
    ],
    ['asks for the impossible', `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`],
  ])('a peer that %s is cut off', async (_, words) => {
    const socket = open(line);
    await once(socket, line === 'TLS' ? 'secureConnect' : 'connect');
    socket.write(Buffer.from(words, 'latin1'));
    socket.resume();
    await closeOf(socket);
  });
});

test('the metrics page counts what the node does and has open', async () => {
  const { close, node } = await aNode();
  cleanups.push(close);
  const metrics = async (): Promise<Map<string, number>> => {
    const answer = await fetch(`http://127.0.0.1:${node.port}/metrics`);
    const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => {
        const [name = '', value] = line.split(' ');
        return [name.replace('hongbao_event_node_', ''), Number(value)];
      }),
    );
  };
  expect((await metrics()).get('connections_open')).toBe(0);

  const client = EventStoreDBClient.connectionString(node.url);
  const events = Array.from({ length: 3 }, () =>
    jsonEvent({ type: 'Happened', data: { text: 'x'.repeat(100) } }),
  );
  await client.appendToStream('s', events);
  const subscription = client.subscribeToStream('s', { fromRevision: START });
  for await (const { event } of subscription) if (event?.revision === 2n) break;
  const live = client.subscribeToStream('s', { fromRevision: START });
  live.on('error', () => {});
  await new Promise((resolve) => live.once('caughtUp', resolve));

  const found = await metrics();
  expect(found.get('writes_total')).toBe(1);
  expect(found.get('written_events_total')).toBe(3);
  expect(found.get('written_bytes_total')).toBeGreaterThan(300);
  expect(found.get('commit_seconds_count')).toBe(1);
  expect(found.get('commit_seconds_sum')).toBeGreaterThan(0);
  expect(found.get('reads_total')).toBe(2);
  expect(found.get('read_events_total')).toBe(6);
  expect(found.get('subscriptions_open')).toBeGreaterThanOrEqual(1);
  expect(found.get('calls_open')).toBeGreaterThanOrEqual(1);
  expect(found.get('connections_open')).toBe(1);
  expect(found.get('position')).toBe(3);
});

test('a peer that speaks plain text to TLS is cut off', async () => {
  const socket = connectTcp(tlsPort, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET /health HTTP/1.1\r\n\r\n');
  socket.resume();
  await closeOf(socket);
});

test('a node that stops does not wait for peers that say nothing', async () => {
  // No deadline ever passes: only the stop itself can cut them.
  const patient = { ...runtime, timers: { ...runtime.timers, after: () => ({ cancel: () => {} }) } };
  const { close, node } = await aNode({ runtime: patient });
  const socket = connectTcp(node.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  const closed = closeOf(socket);
  await close();
  await closed;
});

test('a certificate without its key stops the start', async () => {
  const { key } = someCertificates();
  await expect(aNode({ tls: { ...certificates, key } })).rejects.toThrow(/key values mismatch/);
  await expect(aNode({ tls: { ...certificates, certificate: 'nonsense' } })).rejects.toThrow(/PEM/);
});

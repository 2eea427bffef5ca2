import { describe, expect, it } from 'vitest';
import { ClientError } from '../../src/client/client-error.ts';
import { ServerClock } from '../../src/client/server-clock.ts';
import { ServerConnection } from '../../src/client/server-connection.ts';
import type { SessionKeeper } from '../../src/client/session-keeper.ts';
import { limits } from '../../src/config/limits.ts';
import { closeCodes } from '../../src/protocol/close-codes.ts';
import type { ReplyFrame } from '../../src/protocol/frames.ts';
import type { PushFrame } from '../../src/protocol/pushes.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

/** A WebSocket whose other end is the test. */
class ScriptedSocket {
  readyState = 0;
  readonly sent: { id: number; type: string; data: unknown }[] = [];
  onopen: () => void = () => undefined;
  onmessage: (event: { data: string }) => void = () => undefined;
  onclose: (event: { code: number; reason: string }) => void = () => undefined;
  onerror: () => void = () => undefined;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = 3;
  }

  accept(): void {
    this.readyState = 1;
    this.onopen();
  }

  say(...frames: (ReplyFrame | PushFrame)[]): void {
    this.onmessage({ data: JSON.stringify(frames.length === 1 ? frames[0] : frames) });
  }

  end(code: number, reason = ''): void {
    this.readyState = 3;
    this.onclose({ code, reason });
  }
}

const heartbeatMs = 25_000;

function setUp() {
  const runtime = virtualRuntime();
  const sockets: ScriptedSocket[] = [];
  const tokens = { next: 'token-1' as string | Error, refused: [] as string[] };
  const events: unknown[] = [];
  const connection = new ServerConnection({
    url: 'ws://test/ws',
    runtime,
    serverClock: new ServerClock(runtime.clock),
    session: {
      accessToken: async () => {
        if (tokens.next instanceof Error) throw tokens.next;
        return tokens.next;
      },
      accessTokenRefused: (token: string) => tokens.refused.push(token),
    } as unknown as SessionKeeper,
    webSocket: class {
      constructor() {
        const socket = new ScriptedSocket();
        sockets.push(socket);
        // biome-ignore lint/correctness/noConstructorReturn: the test keeps what the connection gets
        return socket as never;
      }
    } as never,
    cursors: () => ({ 'group:1': 7 }),
    onConnected: () => events.push('connected'),
    onReply: (reply) => events.push(reply),
    onPush: (push) => events.push(push),
    onDisconnected: ({ code, retryInMs }) => events.push({ code, retryInMs }),
    onEnded: (reason) => events.push({ ended: reason }),
  });
  const last = () => sockets.at(-1)!;
  const greet = (tokenLeftMs = 600_000) =>
    last().say({
      id: 0,
      ok: true,
      data: {
        protocol: 1,
        user: { userId: 'u' as never, username: 'u', nickname: 'u' },
        deviceId: 'd' as never,
        heartbeatMs,
        serverTimeMs: 5,
        tokenExpiresAtMs: 5 + tokenLeftMs,
      },
    });
  const connect = async (tokenLeftMs?: number) => {
    connection.open();
    await runtime.flush();
    last().accept();
    greet(tokenLeftMs);
  };
  return { runtime, sockets, tokens, events, connection, last, greet, connect };
}

describe('the connection of a client', () => {
  it('says hello with token and cursors, and is connected when that is answered', async () => {
    const { connection, last, connect, events } = setUp();
    await connect();
    expect(last().sent).toEqual([
      { id: 0, type: 'hello', data: { protocol: 1, token: 'token-1', cursors: { 'group:1': 7 } } },
    ]);
    expect(connection.state).toBe('connected');
    expect(events).toEqual(['connected']);
  });

  it('comes back after a break, ever more slowly and never in step, and at once when asked to', async () => {
    const { runtime, sockets, connection, last, connect, events } = setUp();
    await connect();
    last().end(1006);
    expect(connection.state).toBe('waiting');
    const delays: number[] = [];
    for (let n = 0; n < 12; n++) {
      const { retryInMs } = events.at(-1) as { retryInMs: number };
      delays.push(retryInMs);
      await runtime.advance(retryInMs);
      expect(sockets).toHaveLength(n + 2);
      last().end(1006);
    }
    expect(delays[0]).toBeLessThanOrEqual(limits.client.reconnectDelayMsMin);
    expect(Math.max(...delays)).toBeLessThanOrEqual(limits.client.reconnectDelayMsMax);
    expect(delays.at(-1)).toBeGreaterThanOrEqual(limits.client.reconnectDelayMsMax / 2);
    await connect();
    expect(connection.state).toBe('connected');
  });

  it("keeps the server's own delay when that is going away", async () => {
    const { last, connect, events } = setUp();
    await connect();
    last().say({ type: 'goingAway', data: { reconnectAfterMs: 1_234 } });
    last().end(closeCodes.goingAway.code);
    expect(events.at(-1)).toEqual({ code: closeCodes.goingAway.code, retryInMs: 1_234 });
  });

  it('gets another token when the server refuses the one it had', async () => {
    const { runtime, tokens, last, connect } = setUp();
    await connect();
    last().end(closeCodes.tokenRejected.code);
    expect(tokens.refused).toEqual(['token-1']);
    tokens.next = 'token-2';
    await runtime.advance(limits.client.reconnectDelayMsMax);
    last().accept();
    expect(last().sent[0]).toMatchObject({ data: { token: 'token-2' } });
  });

  it('ends when the close code says that no other would do better', async () => {
    const { runtime, sockets, connection, last, connect, events } = setUp();
    await connect();
    last().end(closeCodes.sessionRevoked.code, 'sessionRevoked');
    expect(connection.state).toBe('ended');
    expect(events.slice(-2)).toEqual([
      { code: closeCodes.sessionRevoked.code, retryInMs: null },
      { ended: 'sessionRevoked' },
    ]);
    await runtime.advance(600_000);
    expect(sockets).toHaveLength(1);
  });

  it.each([closeCodes.tooLarge, closeCodes.protocolViolation, closeCodes.versionNotServed])(
    'stops when the server does not take this client ($code), without ending the session',
    async ({ code }) => {
      const { runtime, sockets, tokens, connection, last, connect, events } = setUp();
      await connect();
      last().end(code);
      expect(connection.state).toBe('idle');
      expect(events.slice(1)).toEqual([{ code, retryInMs: null }]);
      expect(runtime.pendingTimers).toBe(0);
      await runtime.advance(600_000);
      expect(sockets).toHaveLength(1);
      await connect();
      expect(connection.state).toBe('connected');
      expect(tokens.refused).toEqual([]);
    },
  );

  it('ends when there is no session any more, and waits when the network is away', async () => {
    const { runtime, tokens, connection, events } = setUp();
    tokens.next = new ClientError({ code: 'network', message: 'away', temporary: true });
    connection.open();
    await runtime.flush();
    expect(connection.state).toBe('waiting');
    tokens.next = new ClientError({ code: 'closed', message: 'over', temporary: false });
    await runtime.advance(limits.client.reconnectDelayMsMax);
    expect(connection.state).toBe('ended');
    expect(events.at(-1)).toEqual({ ended: 'over' });
  });

  it('gives up a server that does not answer the hello', async () => {
    const { runtime, connection, last } = setUp();
    connection.open();
    await runtime.flush();
    last().accept();
    await runtime.advance(limits.client.connectMs);
    expect(connection.state).toBe('waiting');
  });

  it('pings a silent server, and gives it up when it stays silent', async () => {
    const { runtime, connection, last, connect, events } = setUp();
    await connect();
    await runtime.advance(heartbeatMs);
    expect(last().sent.at(-1)).toMatchObject({ type: 'ping' });
    last().say({ id: 1, ok: true, data: { serverTimeMs: 1 } });
    await runtime.advance(heartbeatMs);
    expect(connection.state).toBe('connected');
    await runtime.advance(heartbeatMs + limits.client.pongMs);
    expect(events).toContainEqual({ code: 1006, retryInMs: expect.any(Number) });
  });

  it('presents a fresh token before the old one expires', async () => {
    const { runtime, tokens, last, connect } = setUp();
    await connect(300_000);
    tokens.next = 'token-2';
    // The server is not silent meanwhile.
    for (let n = 0; n < 13; n++) {
      await runtime.advance(20_000);
      last().say({ type: 'wallet', data: { balanceFen: n, entries: [] } });
    }
    await runtime.advance(20_000);
    expect(last().sent.filter(({ type }) => type === 'reauthenticate')).toEqual([
      { id: 2, type: 'reauthenticate', data: { token: 'token-2' } },
    ]);
  });

  it('hears nothing of what an older attempt still says', async () => {
    const { runtime, sockets, connection, last, greet, connect, events } = setUp();
    await connect();
    last().end(1006);
    await runtime.advance(limits.client.reconnectDelayMsMax);
    last().accept();
    greet();
    const before = events.length;
    sockets[0]!.say({ type: 'wallet', data: { balanceFen: 1, entries: [] } });
    sockets[0]!.end(closeCodes.sessionRevoked.code);
    expect(events).toHaveLength(before);
    expect(connection.state).toBe('connected');
  });

  it('leaves no timer and no socket behind when it is closed', async () => {
    const { runtime, connection, last, connect } = setUp();
    await connect();
    connection.close();
    expect(last().readyState).toBe(3);
    expect(runtime.pendingTimers).toBe(0);
  });
});

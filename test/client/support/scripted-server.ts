import { type ClientOptions, createClient } from '../../../src/client/index.ts';
import type { ClientFrame } from '../../../src/protocol/frames.ts';
import type { PushFrame } from '../../../src/protocol/pushes.ts';
import type { VirtualRuntime } from '../../support/virtual-runtime.ts';

const tokenLifeMs = 600_000;
const latencyMs = 5;

/** A server in virtual time: it issues and judges tokens by its own clock, and answers everything it is asked. */
export function scriptedServer(runtime: VirtualRuntime, options: { clientAheadMs?: number } = {}) {
  const { clock } = runtime;
  // By the monotonic clock: the wall clock is the client's, and may step.
  const startMs = Math.round(clock.nowMs() - clock.monotonicMs()) - (options.clientAheadMs ?? 0);
  const nowMs = () => startMs + clock.monotonicMs();
  const sockets: Socket[] = [];
  const expiries = new Map<string, number>();
  const server = {
    sockets,
    logins: 0,
    refreshes: 0,
    closes: [] as number[],
    /** Every frame of a client, over all its connections. */
    frames: [] as ClientFrame[],
    framesOf: (type: ClientFrame['type']) => server.frames.filter((frame) => frame.type === type),
    /** An HTTP answer waits for what is here under its path. */
    gates: new Map<string, Promise<void>>(),
    last: () => sockets.at(-1)!,
    client: (more: Partial<ClientOptions> = {}) =>
      createClient({
        url: 'http://server.test',
        runtime,
        fetch: answer,
        webSocket: Socket as never,
        ...more,
      }),
  };

  function issue(userNo: number) {
    const accessToken = `access-${expiries.size + 1}`;
    const accessExpiresAtMs = nowMs() + tokenLifeMs;
    expiries.set(accessToken, accessExpiresAtMs);
    const tokens = {
      accessToken,
      accessExpiresAtMs,
      refreshToken: `refresh-${userNo}`,
      refreshExpiresAtMs: nowMs() + 100 * tokenLifeMs,
    };
    const user = { userId: `user-${userNo}`, username: `user-${userNo}`, nickname: 'U' };
    return { user, deviceId: `device-${userNo}`, tokens };
  }

  const answer: typeof fetch = async (input, init) => {
    const { pathname } = new URL(String(input));
    await (server.gates.get(pathname) ?? runtime.timers.sleep(latencyMs));
    if (pathname === '/api/login') return json(issue(++server.logins));
    if (pathname === '/api/refresh') {
      server.refreshes += 1;
      return json(issue(Number(JSON.parse(String(init?.body)).refreshToken.split('-')[1])));
    }
    return new Response(null, { status: 204 });
  };

  class Socket {
    readyState = 0;
    #expiryTimer = runtime.timers.after(0, () => undefined);
    onopen: () => void = () => undefined;
    onmessage: (event: { data: string }) => void = () => undefined;
    onclose: (event: { code: number; reason: string }) => void = () => undefined;
    onerror: () => void = () => undefined;

    constructor() {
      sockets.push(this);
      runtime.timers.after(latencyMs, () => {
        this.readyState = 1;
        this.onopen();
      });
    }

    send(text: string): void {
      const frame = JSON.parse(text) as ClientFrame;
      server.frames.push(frame);
      runtime.timers.after(latencyMs, () => {
        if (this.readyState === 1) this.#take(frame);
      });
    }

    /** The client's end. */
    close(): void {
      this.readyState = 3;
      this.#expiryTimer.cancel();
    }

    /** The server's end. */
    end(code: number, reason = ''): void {
      this.close();
      server.closes.push(code);
      this.onclose({ code, reason });
    }

    push(frame: PushFrame): void {
      this.onmessage({ data: JSON.stringify(frame) });
    }

    #take(frame: ClientFrame): void {
      const data = this.#answerTo(frame);
      if (data !== undefined) this.onmessage({ data: JSON.stringify({ id: frame.id, ok: true, data }) });
    }

    /** `undefined` when the token is none (any more): that ends the connection. */
    #answerTo(frame: ClientFrame): object | undefined {
      if (frame.type === 'ping') return { serverTimeMs: nowMs() };
      if (frame.type !== 'hello' && frame.type !== 'reauthenticate') return {};
      const tokenExpiresAtMs = expiries.get(frame.data.token) ?? 0;
      if (tokenExpiresAtMs <= nowMs()) {
        this.end(4401);
        return undefined;
      }
      this.#expiryTimer.cancel();
      this.#expiryTimer = runtime.timers.after(tokenExpiresAtMs - nowMs(), () => this.end(4401));
      if (frame.type === 'reauthenticate') return { tokenExpiresAtMs };
      const user = { userId: 'user-1', username: 'user-1', nickname: 'U' };
      const times = { heartbeatMs: 25_000, serverTimeMs: nowMs(), tokenExpiresAtMs };
      return { protocol: 1, user, deviceId: 'device-1', ...times };
    }
  }

  return server;
}

/** A storage in memory. */
export function memoryStorage() {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  };
}

function json(body: unknown): Response {
  return new Response(JSON.stringify(body), { status: 200 });
}

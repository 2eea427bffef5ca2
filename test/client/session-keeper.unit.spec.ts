import { describe, expect, it } from 'vitest';
import { ClientError } from '../../src/client/client-error.ts';
import type { HttpApi } from '../../src/client/http-api.ts';
import { ServerClock } from '../../src/client/server-clock.ts';
import { SessionKeeper } from '../../src/client/session-keeper.ts';
import { limits } from '../../src/config/limits.ts';
import type { DeviceId, UserId } from '../../src/domain/ids.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

const userId = 'u' as UserId;
const deviceId = 'd' as DeviceId;
const lifeMs = 600_000;

function setUp() {
  const runtime = virtualRuntime();
  const { clock } = runtime;
  const stored = new Map<string, string>();
  const server = { issued: 0, refreshes: [] as string[], failure: undefined as ClientError | undefined };
  const tokens = () => {
    server.issued += 1;
    const accessExpiresAtMs = clock.nowMs() + lifeMs;
    const [accessToken, refreshToken] = [`access-${server.issued}`, `refresh-${server.issued}`];
    return { accessToken, accessExpiresAtMs, refreshToken, refreshExpiresAtMs: accessExpiresAtMs * 2 };
  };
  const ended: string[] = [];
  const keeper = new SessionKeeper({
    clock,
    serverClock: new ServerClock(clock),
    storage: {
      getItem: (key) => stored.get(key) ?? null,
      setItem: (key, value) => stored.set(key, value),
      removeItem: (key) => stored.delete(key),
    },
    onEnded: (reason) => ended.push(reason),
    http: (async ({ body }) => {
      server.refreshes.push((body as { refreshToken: string }).refreshToken);
      if (server.failure !== undefined) throw server.failure;
      return { user: { userId, username: 'u', nickname: 'u' }, deviceId, tokens: tokens() };
    }) as HttpApi,
  });
  keeper.begin({ userId, deviceId, tokens: tokens() });
  return { runtime, stored, server, keeper, ended };
}

describe('a session', () => {
  it('keeps its access token until shortly before its end', async () => {
    const { runtime, keeper } = setUp();
    expect(await keeper.accessToken()).toBe('access-1');
    await runtime.advance(lifeMs - limits.client.refreshBeforeMs);
    expect(await keeper.accessToken()).toBe('access-2');
  });

  it('exchanges a refresh token once, however many ask at the same time', async () => {
    const { runtime, server, keeper } = setUp();
    await runtime.advance(lifeMs);
    expect(await Promise.all([1, 2, 3].map(() => keeper.accessToken()))).toEqual(Array(3).fill('access-2'));
    expect(server.refreshes).toEqual(['refresh-1']);
  });

  it('gets a new token when the server refuses one that looks valid, and tries the request once more', async () => {
    const { keeper } = setUp();
    const refused = new ClientError({ code: 'unauthenticated', message: '', temporary: false });
    const tokens: string[] = [];
    const answer = await keeper.authorized(async (token) => {
      tokens.push(token);
      if (token === 'access-1') throw refused;
      return 'answer';
    });
    expect(answer).toBe('answer');
    expect(tokens).toEqual(['access-1', 'access-2']);
  });

  it('survives a network that is away', async () => {
    const { runtime, server, keeper, ended } = setUp();
    await runtime.advance(lifeMs);
    server.failure = new ClientError({ code: 'network', message: '', temporary: true });
    await expect(keeper.accessToken()).rejects.toMatchObject({ code: 'network' });
    server.failure = undefined;
    expect(await keeper.accessToken()).toBe('access-2');
    expect(ended).toEqual([]);
  });

  it('ends when the refresh token is refused, and leaves nothing in the storage', async () => {
    const { runtime, server, keeper, ended, stored } = setUp();
    await runtime.advance(lifeMs);
    server.failure = new ClientError({ code: 'unauthenticated', message: 'over', temporary: false });
    await expect(keeper.accessToken()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(ended).toEqual(['over']);
    expect(keeper.current).toBe(undefined);
    expect(stored.size).toBe(0);
    await expect(keeper.accessToken()).rejects.toMatchObject({ code: 'closed' });
  });

  it('is there again from the storage', async () => {
    const { stored, keeper } = setUp();
    const text = stored.get('hongbao.session');
    keeper.end();
    expect(keeper.stored()).toBe(undefined);
    stored.set('hongbao.session', text!);
    expect(keeper.stored()?.userId).toBe(userId);
    stored.set('hongbao.session', 'not json');
    expect(keeper.stored()).toBe(undefined);
    expect(stored.size).toBe(0);
  });
});

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../../src/config/limits.ts';
import type { PacketId } from '../../../src/domain/ids.ts';
import type { PacketRow } from '../../../src/projections/packets-projection.ts';
import {
  conversationOf,
  type FakeBackEnd,
  type FakeUser,
  fakeBackEnd,
  type RunningGateway,
  seal,
  startGateway,
} from '../../gateway/support/fake-back-end.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly body: any;
}

describe('the HTTP API', () => {
  let backEnd: FakeBackEnd;
  let gateway: RunningGateway;
  let alice: FakeUser;
  let bob: FakeUser;
  let carol: FakeUser;

  beforeEach(async () => {
    backEnd = fakeBackEnd({
      devAccounts: [{ username: 'demo', password: 'demo-demo', nickname: 'Demo' }],
      readiness: { log: async () => undefined },
    });
    [alice, bob, carol] = [backEnd.addUser('alice'), backEnd.addUser('bob'), backEnd.addUser('carol')];
    gateway = await startGateway(backEnd);
  });

  afterEach(() => gateway.close());

  async function call(
    path: string,
    options: { as?: FakeUser; token?: string; body?: unknown; raw?: string } = {},
  ) {
    const token = options.token ?? options.as?.token;
    const body = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const response = await fetch(new URL(path, gateway.url), {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    const answer: Answer = {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
    };
    return answer;
  }

  const credentials = { username: 'dora', password: 'a long password', nickname: 'Dora', deviceName: 'test' };

  describe('accounts', () => {
    it('can be registered, logged in to, refreshed and logged out of', async () => {
      const registered = await call('/api/register', { body: credentials });
      expect(registered.status).toBe(201);
      expect(registered.body.user.username).toBe('dora');
      expect(registered.headers.get('x-position')).toMatch(/^\d+$/);
      const { nickname: _, ...login } = credentials;
      const loggedIn = await call('/api/login', { body: login });
      expect(loggedIn.body.user.userId).toBe(registered.body.user.userId);
      const { refreshToken } = loggedIn.body.tokens;
      expect((await call('/api/refresh', { body: { refreshToken } })).status).toBe(200);
      const token = loggedIn.body.tokens.accessToken;
      expect((await call('/api/me', { token })).body.user.username).toBe('dora');
      const response = await fetch(new URL('/api/logout', gateway.url), {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
      });
      expect(response.status).toBe(204);
    });

    it('answer refusals with their code and status', async () => {
      expect(await call('/api/register', { body: { ...credentials, username: 'alice' } })).toMatchObject({
        status: 409,
        body: { error: { code: 'username-taken', temporary: false } },
      });
      expect(
        await call('/api/login', { body: { username: 'alice', password: 'wrong', deviceName: 'x' } }),
      ).toMatchObject({ status: 401, body: { error: { code: 'bad-credentials' } } });
    });

    it('bound the guesses at one account, whoever makes them', async () => {
      const guess = (username: string) =>
        call('/api/login', { body: { username, password: 'guess', deviceName: 'x' } });
      for (let n = 0; n < limits.gateway.loginsPerMinutePerAccount; n++) {
        expect((await guess('bob')).status).toBe(401);
      }
      const refused = await guess('BOB');
      expect(refused).toMatchObject({
        status: 429,
        body: { error: { code: 'rate-limited', temporary: true } },
      });
      expect(refused.body.error.retryAfterMs).toBeGreaterThan(0);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await guess('carol')).status).toBe(401);
    });
  });

  describe('bad input', () => {
    it('malformed JSON is a bad request', async () => {
      expect(await call('/api/login', { raw: '{"username":' })).toMatchObject({
        status: 400,
        body: { error: { code: 'bad-request' } },
      });
    });

    it.each([
      ['a missing field', { username: 'x' }],
      ['a field too many', { ...credentials, admin: true }],
      ['a number for a text', { ...credentials, username: 5 }],
      ['a text that is too long', { ...credentials, nickname: 'x'.repeat(1_000) }],
    ])('a body with %s is a bad request', async (_what, body) => {
      expect(await call('/api/register', { body })).toMatchObject({
        status: 400,
        body: { error: { code: 'bad-request' } },
      });
    });

    it('a body that is too large says so', async () => {
      const body = { ...credentials, nickname: 'x'.repeat(limits.gateway.httpBodyBytesMax) };
      expect(await call('/api/register', { body })).toMatchObject({
        status: 413,
        body: { error: { code: 'too-large' } },
      });
    });

    it.each([
      ['/api/users?ids=nonsense'],
      ['/api/users'],
      ['/api/users?username=a&ids=b'],
      ['/api/friends?limit=0'],
      ['/api/friends?limit=9999'],
      ['/api/friends?after=nonsense'],
      ['/api/inbox?after=nonsense'],
      ['/api/wallet/statement?after=-1'],
      ['/api/groups/nonsense'],
      ['/api/conversations/nonsense/messages'],
      ['/api/packets/nonsense'],
      ['/api/me?after_position=soon'],
      ['/api/me?unknown=1'],
    ])('%s is a bad request', async (path) => {
      expect(await call(path, { as: alice })).toMatchObject({
        status: 400,
        body: { error: { code: 'bad-request' } },
      });
    });

    it('a path that is not there is not found, in the same form', async () => {
      expect(await call('/api/nothing')).toMatchObject({
        status: 404,
        body: { error: { code: 'not-found' } },
      });
    });

    it.each([[undefined], ['nonsense'], ['a.b.c']])(
      'a wrong token (%s) is unauthenticated',
      async (token) => {
        const options = token === undefined ? {} : { token };
        expect(await call('/api/me', options)).toMatchObject({
          status: 401,
          body: { error: { code: 'unauthenticated' } },
        });
      },
    );
  });

  describe('reads', () => {
    it('messages come in ascending order, by pages, to those who take part', async () => {
      const chat = conversationOf(alice, bob);
      for (let n = 1; n <= 5; n++) backEnd.write(chat, alice.userId, `m${n}`);
      const path = `/api/conversations/${encodeURIComponent(chat)}/messages`;
      const seqs = (answer: Answer) => answer.body.items.map(({ seq }: { seq: number }) => seq);
      const newest = await call(`${path}?limit=2`, { as: bob });
      expect(seqs(newest)).toEqual([4, 5]);
      expect(newest.body.more).toBe(true);
      expect(seqs(await call(`${path}?before=4`, { as: bob }))).toEqual([1, 2, 3]);
      const after = await call(`${path}?after=3`, { as: alice });
      expect(seqs(after)).toEqual([4, 5]);
      expect(after.body).toMatchObject({ more: false, items: [{ kind: 'text', text: 'm4' }, {}] });
      expect(await call(path, { as: carol })).toMatchObject({
        status: 404,
        body: { error: { code: 'conversation-not-found' } },
      });
      expect((await call(`${path}?before=2&after=2`, { as: alice })).status).toBe(400);
    });

    it('an inbox names the peer or the group, with the last message and the unread count', async () => {
      const groupId = backEnd.addGroup('Team', alice, [bob]);
      backEnd.write(conversationOf(alice, bob), alice.userId, 'direct');
      backEnd.write(`group:${groupId}` as never, alice.userId, 'in the group');
      const { body } = await call('/api/inbox', { as: bob });
      expect(body.next).toBe(null);
      expect(body.items).toMatchObject([
        { peer: { username: 'alice' }, groupName: null, unread: 1, lastMessage: { text: 'direct' } },
        { peer: null, groupName: 'Team', unread: 1, lastMessage: { text: 'in the group' } },
      ]);
    });

    it('a group exists for its members only', async () => {
      const groupId = backEnd.addGroup('Team', alice, [bob]);
      expect((await call(`/api/groups/${groupId}`, { as: bob })).body).toMatchObject({ name: 'Team' });
      const members = await call(`/api/groups/${groupId}/members`, { as: alice });
      expect(members.body.items).toMatchObject([
        { user: { username: 'alice' }, role: 'owner' },
        { role: 'member' },
      ]);
      for (const path of [`/api/groups/${groupId}`, `/api/groups/${groupId}/members`]) {
        expect((await call(path, { as: carol })).body.error.code).toBe('group-not-found');
      }
    });

    it('users are found by exact name and by ids', async () => {
      const byName = await call('/api/users?username=bob', { as: alice });
      expect(byName.body.items).toEqual([{ userId: bob.userId, username: 'bob', nickname: 'bob' }]);
      expect((await call('/api/users?username=nobody', { as: alice })).body.items).toEqual([]);
      const byIds = await call(`/api/users?ids=${alice.userId},${crypto.randomUUID()}`, { as: bob });
      expect(byIds.body.items.map(({ username }: { username: string }) => username)).toEqual(['alice']);
    });

    it('wait for a position, bounded: one that does not come in time is unavailable', async () => {
      backEnd.write(conversationOf(alice, bob), alice.userId, 'one');
      expect((await call('/api/wallet?after_position=1', { as: alice })).status).toBe(200);
      const late = await call('/api/wallet?after_position=99999', { as: alice });
      expect(late.body.error).toMatchObject({ code: 'unavailable', temporary: true });
    });

    it('that meet a database which is away are unavailable, and work again after', async () => {
      backEnd.failReads(1);
      expect(await call('/api/friends', { as: alice })).toMatchObject({
        status: 503,
        body: { error: { code: 'unavailable', temporary: true } },
      });
      expect((await call('/api/friends', { as: alice })).status).toBe(200);
    });
  });

  describe('packets', () => {
    const packetId = '01900000-0000-7000-8000-000000000001' as PacketId;

    function putPacket(change: Partial<PacketRow>, takers: readonly FakeUser[]): void {
      const packet: PacketRow = {
        packetId,
        conversationId: conversationOf(alice, bob),
        senderId: alice.userId,
        kind: 'lucky',
        totalFen: 100,
        count: 2,
        remainingFen: 60,
        remainingShares: 2 - takers.length,
        expiresAtSecond: 1_900_000_000,
        receivers: [],
        greeting: seal(alice.userId, 'Best wishes'),
        cover: 'classic',
        needsPhrase: false,
        fairness: {
          algorithmVersion: 1,
          masterKeyVersion: 1,
          nonce: 'ab'.repeat(16),
          commitment: 'cd'.repeat(32),
        },
        sentAtMs: 1,
        state: 'open',
        endedAtMs: null,
        luckiest: null,
        refundedFen: 0,
        cancelReason: null,
        seed: null,
        ...change,
      };
      const grabs = takers.map(({ userId }, shareIndex) => ({
        packetId,
        shareIndex,
        userId,
        amountFen: 40,
        timeMs: 2,
        thanks: null,
      }));
      backEnd.setPacket({ packet, grabs });
    }

    it('show who got how much to the sender and to takers; to others after the end', async () => {
      putPacket({}, [alice]);
      const bobs = (await call(`/api/packets/${packetId}`, { as: bob })).body;
      expect(bobs).toMatchObject({ greeting: 'Best wishes', taken: 1, mine: null, grabs: null });
      expect((await call(`/api/packets/${packetId}`, { as: alice })).body.grabs).toHaveLength(1);
      putPacket({}, [bob]);
      const own = (await call(`/api/packets/${packetId}`, { as: bob })).body;
      expect(own.mine.amountFen).toBe(40);
      expect(own.grabs).toHaveLength(1);
      putPacket({ state: 'refunded', seed: 'ef'.repeat(32) }, [alice]);
      expect((await call(`/api/packets/${packetId}`, { as: bob })).body.grabs).toHaveLength(1);
      expect((await call(`/api/packets/${packetId}`, { as: carol })).body.error.code).toBe(
        'packet-not-found',
      );
    });

    it('prove their split after the end, and not a moment before', async () => {
      putPacket({}, [bob]);
      expect(await call(`/api/packets/${packetId}/proof`, { as: bob })).toMatchObject({
        status: 409,
        body: { error: { code: 'packet-open', temporary: true } },
      });
      putPacket({ state: 'exhausted', seed: 'ef'.repeat(32) }, [bob]);
      expect((await call(`/api/packets/${packetId}/proof`, { as: bob })).body).toMatchObject({
        seed: 'ef'.repeat(32),
        commitment: 'cd'.repeat(32),
        shares: [{ userId: bob.userId, amountFen: 40 }],
      });
    });
  });

  describe('the service itself', () => {
    it('lives, and is ready when all that it needs is', async () => {
      expect((await call('/health/live')).body.status).toBe('ok');
      expect((await call('/health/ready')).body).toEqual({ status: 'ok', checks: { log: { ok: true } } });
    });

    it('says which part is not', async () => {
      const broken = fakeBackEnd({
        readiness: {
          log: async () => 'no answer for 3 s',
          database: async () => {
            throw new Error('refused');
          },
        },
      });
      const other = await startGateway(broken);
      const response = await fetch(`${other.url}/health/ready`);
      expect(response.status).toBe(503);
      expect(await response.json()).toEqual({
        status: 'failing',
        checks: {
          log: { ok: false, detail: 'no answer for 3 s' },
          database: { ok: false, detail: 'refused' },
        },
      });
      await other.close();
    });

    it('describes itself, at /docs, without anything from another host', async () => {
      const { body: description } = await call('/docs/json');
      expect(description.openapi).toMatch(/^3\./);
      expect(Object.keys(description.paths)).toEqual(
        expect.arrayContaining(['/api/register', '/api/conversations/{conversationId}/messages']),
      );
      const page = await call('/docs/');
      expect(page.status).toBe(200);
      expect(page.body).not.toMatch(/(src|href)="https?:/);
    });

    it('sends the headers that browsers heed', async () => {
      const { headers } = await call('/health/live');
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).not.toContain('unsafe-inline');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-powered-by')).toBe(null);
    });

    it('serves the built page where there is one, and nothing outside of its folder', async () => {
      const folder = temporaryFolder();
      await mkdir(join(folder, 'dist'));
      await writeFile(join(folder, 'dist', 'index.html'), '<!doctype html><title>hongbao</title>');
      await writeFile(join(folder, 'secret'), 'secret');
      const withPage = await startGateway(fakeBackEnd({ webRoot: join(folder, 'dist') }));
      const page = await fetch(withPage.url);
      expect(page.headers.get('content-type')).toContain('text/html');
      expect(await page.text()).toContain('hongbao');
      for (const path of ['/../secret', '/%2e%2e/secret', '/..%2fsecret']) {
        expect(await (await fetch(withPage.url + path)).text()).not.toBe('secret');
      }
      expect((await fetch(`${withPage.url}/api/nothing`)).status).toBe(404);
      await withPage.close();
      await rm(folder, { recursive: true });
    });

    it('shows demo accounts in development, and has no such path in production', async () => {
      expect((await call('/api/dev/accounts')).body.items).toEqual([
        { username: 'demo', password: 'demo-demo', nickname: 'Demo' },
      ]);
      const production = await startGateway(fakeBackEnd({ environment: 'production' }));
      expect((await fetch(`${production.url}/api/dev/accounts`)).status).toBe(404);
      await production.close();
    });

    it('bounds the requests of one address, and in development not those of this machine', async () => {
      const production = await startGateway(fakeBackEnd({ environment: 'production' }));
      const statusOf = async (url: string) => (await fetch(new URL('/api/me', url))).status;
      for (let n = 0; n < limits.gateway.requestsPerMinute; n++) {
        expect(await statusOf(production.url)).toBe(401);
      }
      expect(await statusOf(production.url)).toBe(429);
      for (let n = 0; n <= limits.gateway.requestsPerMinute; n++)
        expect(await statusOf(gateway.url)).toBe(401);
      await production.close();
    });
  });
});

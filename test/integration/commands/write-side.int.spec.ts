import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCommandHistoryStore } from '../../../infra/postgres/command-history-store.ts';
import { createFollowerCheckpointStore } from '../../../infra/postgres/follower-checkpoint-store.ts';
import { createLeaseStore } from '../../../infra/postgres/lease-store.ts';
import { createLogWitness } from '../../../infra/postgres/log-witness.ts';
import { createSnapshotStore } from '../../../infra/postgres/snapshot-store.ts';
import { createVaultStore } from '../../../infra/postgres/vault-store.ts';
import type { Session } from '../../../src/commands/accounts.ts';
import type { EventLog, RecordedEvent } from '../../../src/commands/event-log.ts';
import { START } from '../../../src/commands/event-log.ts';
import type { RequestOf, RequestType } from '../../../src/commands/requests.ts';
import type { WriteSide } from '../../../src/commands/write-side.ts';
import { openWriteSide } from '../../../src/commands/write-side.ts';
import type { ClientMessageId } from '../../../src/domain/ids.ts';
import { directConversationId } from '../../../src/domain/ids.ts';
import { createMoneyAudit } from '../../../src/domain/ledger/money-audit.ts';
import { upcast } from '../../../src/domain/upcast.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { createMasterKey } from '../../../src/vault/master-key.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { aLog, aNode } from '../eventstore/support.ts';

/** The whole write side over the real client, a real socket and a real PostgreSQL, in two "processes". */

const runtime = systemRuntime();
let database: TestDatabase;
let eventNode: Awaited<ReturnType<typeof aNode>>;
const logs: EventLog[] = [];
let one: WriteSide;
let other: WriteSide;

async function open(): Promise<WriteSide> {
  const { pool } = database;
  const eventLog = aLog(eventNode.node.url);
  logs.push(eventLog);
  const masterKey = createMasterKey([{ version: 1, bytes: new Uint8Array(32).fill(3) }], runtime.random);
  return openWriteSide({
    eventLog,
    vault: createVaultStore({ pool, masterKey, random: runtime.random }),
    stores: {
      snapshots: createSnapshotStore(pool),
      history: createCommandHistoryStore(pool),
      checkpoints: createFollowerCheckpointStore(pool),
      leases: createLeaseStore(pool),
      witness: createLogWitness(pool),
    },
    masterKey,
    runtime,
    logger: pino({ level: 'silent' }),
    sandboxMoney: true,
    bounds: { snapshotEveryEvents: 10 },
  });
}

beforeAll(async () => {
  database = await createTestDatabase();
  eventNode = await aNode();
  [one, other] = await Promise.all([open(), open()]);
  one.startProcessManagers();
  other.startProcessManagers();
});
afterAll(async () => {
  await Promise.all([one.close(), other.close()]);
  await Promise.all(logs.map((log) => log.close()));
  await eventNode.close();
  await database.drop();
});

async function user(name: string): Promise<Session> {
  const account = { username: name, password: `${name}-password`, nickname: name, deviceName: 'phone' };
  const outcome = await one.accounts.register(account);
  if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
  return outcome.answer;
}

function ask<Type extends RequestType>(side: WriteSide, who: Session, type: Type, request: RequestOf<Type>) {
  const { userId, deviceId } = who;
  const context = { userId, deviceId, commandId: runtime.ids.next(), correlationId: runtime.ids.next() };
  return side.commands.execute(type, request, { ...context, retry: false });
}

async function done<Type extends RequestType>(
  side: WriteSide,
  who: Session,
  type: Type,
  request: RequestOf<Type>,
) {
  const outcome = await ask(side, who, type, request);
  if (outcome.kind !== 'accepted') throw new Error(`${type}: ${JSON.stringify(outcome)}`);
  return outcome.answer;
}

/** Follows the log until `enough` says so of all events so far. */
async function logUntil(enough: (events: readonly RecordedEvent[]) => boolean): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  const subscription = logs[0]!.subscribe({ after: START });
  for await (const item of subscription) {
    if (item.kind === 'event') events.push(item.event);
    if (enough(events)) break;
  }
  await subscription.close();
  return events;
}

const countOf = (events: readonly RecordedEvent[], type: string): number =>
  events.filter((event) => event.type === type).length;

describe('the write side over the real engines', () => {
  it('agrees on one epoch however many start at once', () => {
    expect(one.epoch).toBe(other.epoch);
  });

  it('lets eight people race through two processes for five shares, and every fen is accounted for', async () => {
    const sender = await user('sender');
    const grabbers = await Promise.all(Array.from({ length: 8 }, (_, n) => user(`grabber-${n}`)));
    const memberIds = grabbers.map(({ userId }) => userId);
    const { conversationId } = await done(one, sender, 'createGroup', { name: 'racers', memberIds });
    await done(one, sender, 'deposit', { amountFen: 10_000, providerRef: 'top-up' });
    const { packetId } = await done(one, sender, 'sendPacket', {
      conversationId,
      clientMsgId: 'race' as ClientMessageId,
      kind: 'lucky',
      totalFen: 1_000,
      count: 5,
      ttlSeconds: 3_600,
      receivers: [],
      greeting: 'run',
      nonce: '00112233445566778899aabbccddeeff',
    });
    // Everyone from both sides at once: five different winners, each once.
    const tries = grabbers.flatMap((who) =>
      [one, other].map((side) => ask(side, who, 'grabPacket', { packetId })),
    );
    const outcomes = await Promise.all(tries);
    const won = outcomes.filter((outcome) => outcome.kind === 'accepted');
    expect(won).toHaveLength(5);
    expect(won.reduce((sum, { answer }) => sum + answer.amountFen, 0)).toBe(1_000);
    for (const lost of outcomes.filter((outcome) => outcome.kind === 'rejected')) {
      expect(['packet-exhausted', 'already-grabbed']).toContain(lost.code);
    }
    const events = await logUntil((seen) => countOf(seen, 'GrabCredited') === 5);
    const audit = createMoneyAudit();
    for (const { position, stream, revision, type, data, metadata } of events) {
      const event = upcast(type, metadata.schemaVersion, data);
      audit.add({ position, stream, revision, timeMs: metadata.timeMs, event });
    }
    expect(audit.violations()).toEqual([]);
  });

  it('gives two processes one order of messages, and each sender one seq per clientMsgId', async () => {
    const [alice, bob] = [await user('alice'), await user('bob')];
    await done(one, alice, 'requestFriend', { userId: bob.userId, note: 'hi' });
    await done(other, bob, 'acceptFriend', { userId: alice.userId });
    const conversationId = directConversationId(alice.userId, bob.userId);
    const send = (side: WriteSide, who: Session, id: string) =>
      done(side, who, 'sendMessage', {
        conversationId,
        clientMsgId: id as ClientMessageId,
        content: { kind: 'text', text: id },
      });
    const ids = Array.from({ length: 20 }, (_, n) => `m${n}`);
    const receipts = await Promise.all(
      ids.flatMap((id) => [send(one, alice, id), send(other, alice, id), send(other, bob, id)]),
    );
    const seqs = new Set(receipts.map(({ seq }) => seq));
    expect(seqs.size).toBe(40);
    const events = await logUntil((seen) => countOf(seen, 'MessageSent') >= 41);
    const sealed = events.find(({ type }) => type === 'MessageSent')!.data as { body: { box: string } };
    expect(JSON.stringify(sealed)).not.toContain('m1');
    expect(countOf(events, 'NoticePosted')).toBeGreaterThanOrEqual(1);
  });

  it('logs in with the right password only, refreshes, and logs out', async () => {
    await user('dora');
    const logIn = (password: string) =>
      other.accounts.logIn({ username: 'ＤＯＲＡ', password, deviceName: 'laptop' });
    expect(await logIn('wrong-password')).toMatchObject({ code: 'bad-credentials' });
    const session = await logIn('dora-password');
    if (session.kind !== 'accepted') throw new Error(JSON.stringify(session));
    const { userId, deviceId, tokens } = session.answer;
    expect(session.answer).toMatchObject({ username: 'dora', nickname: 'dora' });
    expect(await one.tokens.verifyAccess(tokens.accessToken)).toMatchObject({ userId, deviceId });
    const refreshed = await one.accounts.refresh(tokens.refreshToken);
    if (refreshed.kind !== 'accepted') throw new Error(JSON.stringify(refreshed));
    expect(await other.accounts.userIdOf('dora')).toBe(userId);
    expect(await one.accounts.logOut({ userId, deviceId })).toMatchObject({ kind: 'accepted' });
    const { refreshToken } = refreshed.answer.tokens;
    expect(await one.accounts.refresh(refreshToken)).toMatchObject({ code: 'unauthenticated' });
    expect(await ask(one, session.answer, 'changeProfile', { nickname: 'x' })).toMatchObject({
      code: 'unauthenticated',
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCommandHistoryStore } from '../../../infra/postgres/command-history-store.ts';
import { createFollowerCheckpointStore } from '../../../infra/postgres/follower-checkpoint-store.ts';
import { createLeaseStore } from '../../../infra/postgres/lease-store.ts';
import { createSnapshotStore } from '../../../infra/postgres/snapshot-store.ts';
import { START } from '../../../src/commands/event-log.ts';
import { uuid } from '../../support/domain-fixtures.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { createTestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('the snapshot store', () => {
  it('gives back what was saved, and keeps the later of two of one history', async () => {
    const store = createSnapshotStore(database.pool);
    const snapshot = (revision: number, epoch = uuid(1), foldVersion = 1) => ({
      foldVersion,
      epoch,
      revision,
      lastEventId: uuid(revision),
      body: {
        state: { balanceFen: revision },
        recentCommands: {
          kept: [
            { commandId: 'c', bodyHash: 'h', firstRevision: 1, lastRevision: 2, timeMs: 3, position: '4' },
          ],
          forgottenUntil: { position: '3', revision: 0 },
        },
      },
    });
    expect(await store.load('wallet-1')).toBeUndefined();
    await store.save('wallet-1', snapshot(10));
    await store.save('wallet-1', snapshot(5));
    expect(await store.load('wallet-1')).toEqual(snapshot(10));
    await store.save('wallet-1', snapshot(3, uuid(2)));
    expect(await store.load('wallet-1')).toEqual(snapshot(3, uuid(2)));
    await store.save('wallet-1', snapshot(2, uuid(2), 2));
    expect(await store.load('wallet-1')).toEqual(snapshot(2, uuid(2), 2));
  });
});

describe('a snapshot', () => {
  it('may hold any string that the log may hold', async () => {
    const store = createSnapshotStore(database.pool);
    const ids = ['a\0b', '\ud83e', '\udde7', '\u{1f9e7}', '\\u0000'];
    const snapshot = {
      foldVersion: 1,
      epoch: uuid(1),
      revision: 0,
      lastEventId: uuid(1),
      body: { state: { ids }, recentCommands: { kept: [], forgottenUntil: null } },
    };
    await store.save('conversation-odd', snapshot);
    expect(await store.load('conversation-odd')).toEqual(snapshot);
  });
});

describe('the lease store', () => {
  it('gives a lease to one holder, prolongs it for them, and to others after release or expiry', async () => {
    const leases = createLeaseStore(database.pool);
    const hourMs = 3_600_000;
    const winners = await Promise.all(
      ['a', 'b', 'c'].map((holder) => leases.acquire('race', holder, hourMs)),
    );
    expect(winners.filter(Boolean)).toHaveLength(1);

    expect(await leases.acquire('job', 'a', hourMs)).toBe(true);
    expect(await leases.acquire('job', 'a', hourMs)).toBe(true);
    expect(await leases.acquire('job', 'b', hourMs)).toBe(false);
    await leases.release('job', 'b');
    expect(await leases.acquire('job', 'b', hourMs)).toBe(false);
    await leases.release('job', 'a');
    expect(await leases.acquire('job', 'b', 0)).toBe(true);
    expect(await leases.acquire('job', 'a', hourMs)).toBe(true);
  });
});

describe('the follower checkpoints', () => {
  it('are kept per history, never move back, and hold positions beyond 2^63', async () => {
    const checkpoints = createFollowerCheckpointStore(database.pool);
    const far = 2n ** 64n - 1n;
    expect(await checkpoints.load('settle', uuid(1))).toBeUndefined();
    await checkpoints.save('settle', uuid(1), -1n);
    expect(await checkpoints.load('settle', uuid(1))).toBe(-1n);
    await checkpoints.save('settle', uuid(1), far);
    await checkpoints.save('settle', uuid(1), 5n);
    expect(await checkpoints.load('settle', uuid(1))).toBe(far);
    expect(await checkpoints.load('settle', uuid(2))).toBeUndefined();
  });
});

describe('the command history', () => {
  it('finds what the projection wrote, and says how far that has got in which history', async () => {
    const { pool } = database;
    const history = createCommandHistoryStore(pool);
    await pool.query(
      `insert into hongbao_write.command_history values ($1, 'hash', 'wallet-1', 3, 4, 5, $2)`,
      [uuid(7), uuid(1)],
    );
    const command = { bodyHash: 'hash', stream: 'wallet-1', firstRevision: 3, lastRevision: 4 };
    expect(await history.find(uuid(7), uuid(1))).toEqual({ command, reached: START });
    await pool.query(
      `insert into projection.generation (name, number, version, state)
       values ('commands', 1, 1, 'retired'), ('commands', 2, 1, 'live'), ('commands', 3, 1, 'shadow')`,
    );
    await pool.query(
      `insert into projection.checkpoint (name, generation, partition, epoch, position, changed)
       values ('commands', 2, 0, $1, 2000, 0), ('commands', 2, 1, $1, 1000, 0), ('commands', 3, 0, $1, 10, 0)`,
      [uuid(1)],
    );
    expect(await history.find(uuid(7), uuid(1))).toEqual({ command, reached: 1_000n });
    expect(await history.find(uuid(8), uuid(1))).toEqual({ command: undefined, reached: 1_000n });
    expect(await history.find(uuid(8), uuid(2))).toEqual({ command: undefined, reached: START });
    // In another history of the log the command may not have happened, or elsewhere.
    expect(await history.find(uuid(7), uuid(2))).toEqual({ command: undefined, reached: START });
  });
});

import type { DeviceId, UserId } from '../domain/ids.ts';
import type { Sealed } from '../domain/sealed.ts';
import { bulkRows } from './bulk-rows.ts';
import type { ProjectedEvent } from './projected-event.ts';
import { streamKey } from './projected-event.ts';
import { defineProjection } from './projection.ts';

/** What others may know of an account. */
export interface AccountRow {
  readonly userId: UserId;
  readonly username: Sealed;
  readonly nickname: Sealed;
  readonly registeredAtMs: number;
  readonly frozen: boolean;
  readonly closed: boolean;
}

/** The select list that makes an `AccountRow`. */
export const accountFields =
  'user_id as "userId", username, nickname, registered_at_ms as "registeredAtMs", frozen, closed';

/** What a batch does to one account. `null`: it leaves that alone. */
interface AccountDelta {
  readonly userId: UserId;
  readonly registered: { readonly username: Sealed; readonly nickname: Sealed; readonly atMs: number } | null;
  readonly nickname: Sealed | null;
  readonly frozen: boolean | null;
  readonly closed: boolean | null;
}

/** What a batch amounts to. */
interface AccountsFold {
  readonly deltas: readonly AccountDelta[];
  /** Devices that were logged out. No table has them: gateways end their sessions. */
  readonly revoked: readonly { readonly userId: UserId; readonly deviceId: DeviceId }[];
}

const registeredRows = bulkRows<AccountRow>([
  { name: 'user_id', type: 'uuid', value: (row) => row.userId },
  { name: 'username', type: 'jsonb', value: (row) => row.username },
  { name: 'nickname', type: 'jsonb', value: (row) => row.nickname },
  { name: 'registered_at_ms', type: 'bigint', value: (row) => row.registeredAtMs },
  { name: 'frozen', type: 'boolean', value: (row) => row.frozen },
  { name: 'closed', type: 'boolean', value: (row) => row.closed },
]);

const changedRows = bulkRows<AccountDelta>([
  { name: 'user_id', type: 'uuid', value: (delta) => delta.userId },
  { name: 'nickname', type: 'jsonb', value: (delta) => delta.nickname },
  { name: 'frozen', type: 'boolean', value: (delta) => delta.frozen },
  { name: 'closed', type: 'boolean', value: (delta) => delta.closed },
]);

/** Public profiles. Searching by user name is the write side's: it knows the keyed hash. */
export const accountsProjection = defineProjection<AccountsFold, readonly AccountRow[]>({
  name: 'accounts',
  version: 1,
  streamPrefixes: ['account-'],
  tables: ['account'],
  ddl: `create table account (
    user_id uuid primary key,
    username jsonb not null,
    nickname jsonb not null,
    registered_at_ms bigint not null,
    frozen boolean not null,
    closed boolean not null
  );`,
  indexes: '',
  fold: foldAccounts,
  async write(tx, schema, { deltas }) {
    const added = deltas.flatMap(asNewRow);
    const changed = deltas.filter((delta) => delta.registered === null);
    await registeredRows.insertInto(tx, `${schema}.account`, added);
    if (changed.length === 0) return added;
    const updated = await tx.query<AccountRow>(
      `update ${schema}.account t set
         nickname = coalesce(v.nickname, t.nickname),
         frozen = coalesce(v.frozen, t.frozen),
         closed = coalesce(v.closed, t.closed)
       from ${changedRows.source} where t.user_id = v.user_id
       returning t.user_id as "userId", t.username, t.nickname, t.registered_at_ms as "registeredAtMs",
         t.frozen, t.closed`,
      changedRows.values(changed),
    );
    return [...added, ...updated];
  },
  changes: ({ revoked }, rows) => [
    ...rows.map((account) => ({ kind: 'account' as const, account })),
    ...revoked.map((device) => ({ kind: 'device-revoked' as const, ...device })),
  ],
});

function foldAccounts(events: readonly ProjectedEvent[]): AccountsFold {
  const deltas = new Map<UserId, AccountDelta>();
  const revoked: AccountsFold['revoked'][number][] = [];
  for (const event of events) {
    const userId = streamKey(event.stream) as UserId;
    if (event.type === 'DeviceRevoked') revoked.push({ userId, deviceId: event.data.deviceId });
    const change = accountChange(event);
    if (change !== undefined) deltas.set(userId, { ...(deltas.get(userId) ?? untouched(userId)), ...change });
  }
  return { deltas: [...deltas.values()], revoked };
}

function accountChange(event: ProjectedEvent): Partial<AccountDelta> | undefined {
  switch (event.type) {
    case 'AccountRegistered': {
      const { username, nickname } = event.data;
      return { registered: { username, nickname, atMs: event.timeMs } };
    }
    case 'ProfileChanged':
      return { nickname: event.data.nickname };
    case 'AccountFrozen':
      return { frozen: true };
    case 'AccountUnfrozen':
      return { frozen: false };
    case 'AccountClosed':
      return { closed: true };
    default:
      return undefined;
  }
}

function untouched(userId: UserId): AccountDelta {
  return { userId, registered: null, nickname: null, frozen: null, closed: null };
}

function asNewRow({ userId, registered, nickname, frozen, closed }: AccountDelta): AccountRow[] {
  if (registered === null) return [];
  return [
    {
      userId,
      username: registered.username,
      nickname: nickname ?? registered.nickname,
      registeredAtMs: registered.atMs,
      frozen: frozen ?? false,
      closed: closed ?? false,
    },
  ];
}

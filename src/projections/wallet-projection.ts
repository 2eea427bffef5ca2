import type { PacketId, UserId } from '../domain/ids.ts';
import { bulkRows } from './bulk-rows.ts';
import type { Change } from './changes.ts';
import type { ProjectedEvent } from './projected-event.ts';
import { streamKey } from './projected-event.ts';
import { defineProjection } from './projection.ts';
import type { Sql } from './sql.ts';

export type WalletEntryKind = 'deposit' | 'withdrawal' | 'packet' | 'grab' | 'refund';

/** One line of a wallet's statement. */
export interface WalletEntryRow {
  readonly userId: UserId;
  /** The revision of the event in the wallet's stream: grows, with a gap where the wallet was opened. */
  readonly entryNo: number;
  readonly kind: WalletEntryKind;
  /** Above 0: into the wallet. Below: out of it. */
  readonly amountFen: number;
  readonly balanceFen: number;
  readonly packetId: PacketId | null;
  readonly providerRef: string | null;
  readonly timeMs: number;
}

/** The select list that makes a `WalletEntryRow`. */
export const walletEntryFields = `user_id as "userId", entry_no as "entryNo", kind, amount_fen as "amountFen",
  balance_fen as "balanceFen", packet_id as "packetId", provider_ref as "providerRef", time_ms as "timeMs"`;

/** An entry before the balance after it is known. */
type Entry = Omit<WalletEntryRow, 'balanceFen'>;

interface WalletDelta {
  readonly userId: UserId;
  readonly openedAtMs: number | null;
  readonly amountFen: number;
  readonly entries: readonly Entry[];
}

/** One leg of a double entry: the two of an entry add up to 0. */
interface Posting {
  readonly entry: Entry;
  readonly leg: number;
  readonly account: string;
  readonly amountFen: number;
}

interface WalletWritten {
  readonly userId: UserId;
  readonly balanceFen: number;
  readonly entries: readonly WalletEntryRow[];
}

const walletRows = bulkRows<WalletDelta>([
  { name: 'user_id', type: 'uuid', value: (delta) => delta.userId },
  { name: 'opened_at_ms', type: 'bigint', value: (delta) => delta.openedAtMs },
  { name: 'amount_fen', type: 'bigint', value: (delta) => delta.amountFen },
]);
const entryRows = bulkRows<WalletEntryRow>([
  { name: 'user_id', type: 'uuid', value: (row) => row.userId },
  { name: 'entry_no', type: 'bigint', value: (row) => row.entryNo },
  { name: 'kind', type: 'text', value: (row) => row.kind },
  { name: 'amount_fen', type: 'bigint', value: (row) => row.amountFen },
  { name: 'balance_fen', type: 'bigint', value: (row) => row.balanceFen },
  { name: 'packet_id', type: 'uuid', value: (row) => row.packetId },
  { name: 'provider_ref', type: 'text', value: (row) => row.providerRef },
  { name: 'time_ms', type: 'bigint', value: (row) => row.timeMs },
]);
const postingRows = bulkRows<Posting>([
  { name: 'user_id', type: 'uuid', value: (posting) => posting.entry.userId },
  { name: 'entry_no', type: 'bigint', value: (posting) => posting.entry.entryNo },
  { name: 'leg', type: 'smallint', value: (posting) => posting.leg },
  { name: 'account', type: 'text', value: (posting) => posting.account },
  { name: 'amount_fen', type: 'bigint', value: (posting) => posting.amountFen },
]);

/**
 * Wallets, their statements, and the same as a double-entry ledger: each entry moves an amount between the
 * user's account and either the outside world (`external`) or a packet's account (`packet:{id}`).
 */
export const walletProjection = defineProjection<readonly WalletDelta[], readonly WalletWritten[]>({
  name: 'wallet',
  version: 1,
  streamPrefixes: ['wallet-'],
  tables: ['wallet', 'wallet_entry', 'ledger_posting'],
  ddl: `
    create table wallet (
      user_id uuid primary key,
      balance_fen bigint not null,
      opened_at_ms bigint
    ) with (fillfactor = 70);
    create table wallet_entry (
      user_id uuid not null,
      entry_no bigint not null,
      kind text not null,
      amount_fen bigint not null,
      balance_fen bigint not null,
      packet_id uuid,
      provider_ref text,
      time_ms bigint not null,
      primary key (user_id, entry_no)
    );
    create table ledger_posting (
      user_id uuid not null,
      entry_no bigint not null,
      leg smallint not null,
      account text not null,
      amount_fen bigint not null,
      primary key (user_id, entry_no, leg)
    );`,
  indexes: 'create index ledger_posting_by_account on ledger_posting (account);',
  fold: foldWallets,
  write: writeWallets,
  changes: (_deltas, written) => written.map((wallet): Change => ({ kind: 'wallet', ...wallet })),
});

function foldWallets(events: readonly ProjectedEvent[]): readonly WalletDelta[] {
  const deltas = new Map<UserId, WalletDelta>();
  for (const event of events) {
    const userId = streamKey(event.stream) as UserId;
    const before = deltas.get(userId) ?? { userId, openedAtMs: null, amountFen: 0, entries: [] };
    if (event.type === 'WalletOpened') deltas.set(userId, { ...before, openedAtMs: event.timeMs });
    const entry = entryOf(event, userId);
    if (entry === undefined) continue;
    const amountFen = before.amountFen + entry.amountFen;
    deltas.set(userId, { ...before, amountFen, entries: [...before.entries, entry] });
  }
  return [...deltas.values()];
}

function entryOf(event: ProjectedEvent, userId: UserId): Entry | undefined {
  const place = { userId, entryNo: event.revision, timeMs: event.timeMs, packetId: null, providerRef: null };
  switch (event.type) {
    case 'FundsDeposited': {
      const { amountFen, providerRef } = event.data;
      return { ...place, kind: 'deposit', amountFen, providerRef };
    }
    case 'FundsWithdrawn': {
      const { amountFen, providerRef } = event.data;
      return { ...place, kind: 'withdrawal', amountFen: -amountFen, providerRef };
    }
    case 'PacketFunded': {
      const { amountFen, terms } = event.data;
      return { ...place, kind: 'packet', amountFen: -amountFen, packetId: terms.packetId };
    }
    case 'GrabCredited':
    case 'RefundCredited': {
      const { amountFen, packetId } = event.data;
      return { ...place, kind: event.type === 'GrabCredited' ? 'grab' : 'refund', amountFen, packetId };
    }
    default:
      return undefined;
  }
}

async function writeWallets(
  tx: Sql,
  schema: string,
  deltas: readonly WalletDelta[],
): Promise<readonly WalletWritten[]> {
  if (deltas.length === 0) return [];
  const balances = await tx.query<{ userId: UserId; balanceFen: number }>(
    `insert into ${schema}.wallet as t (user_id, balance_fen, opened_at_ms)
     select v.user_id, v.amount_fen, v.opened_at_ms from ${walletRows.source}
     on conflict (user_id) do update set
       balance_fen = t.balance_fen + excluded.balance_fen,
       opened_at_ms = coalesce(t.opened_at_ms, excluded.opened_at_ms)
     returning user_id as "userId", balance_fen as "balanceFen"`,
    walletRows.values(deltas),
  );
  const balanceAfter = new Map(balances.map((row) => [row.userId, row.balanceFen]));
  const written = deltas.map((delta): WalletWritten => {
    const balanceFen = balanceAfter.get(delta.userId);
    if (balanceFen === undefined) throw new Error(`wallet ${delta.userId} was not written`);
    return {
      userId: delta.userId,
      balanceFen,
      entries: withBalances(delta.entries, balanceFen - delta.amountFen),
    };
  });
  const entries = written.flatMap((wallet) => wallet.entries);
  await entryRows.insertInto(tx, `${schema}.wallet_entry`, entries);
  await postingRows.insertInto(tx, `${schema}.ledger_posting`, entries.flatMap(postingsOf));
  return written;
}

function withBalances(entries: readonly Entry[], balanceBeforeFen: number): WalletEntryRow[] {
  let balanceFen = balanceBeforeFen;
  return entries.map((entry) => {
    balanceFen += entry.amountFen;
    return { ...entry, balanceFen };
  });
}

function postingsOf(entry: Entry): Posting[] {
  const against = entry.packetId === null ? 'external' : `packet:${entry.packetId}`;
  return [
    { entry, leg: 0, account: `wallet:${entry.userId}`, amountFen: entry.amountFen },
    { entry, leg: 1, account: against, amountFen: -entry.amountFen },
  ];
}

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { splitAmount } from '../../src/domain/packet/split.ts';
import type { GrabAnswer, MoneyCheck, PacketSize } from './grab-system.ts';

/**
 * Packets as rows that are locked: what one builds who has a database and no event log. A grab is one transaction
 * of four round trips: begin, lock the packet, write grab, packet and wallet in one statement, commit.
 */
const schema = `
  create table packets (
    id bigint generated always as identity primary key,
    seed bytea not null,
    total_fen int not null,
    shares int not null,
    remaining_fen int not null,
    remaining_shares int not null
  );
  create table grabs (
    packet_id bigint not null references packets,
    user_id int not null,
    share_index int not null,
    amount_fen int not null,
    primary key (packet_id, user_id)
  );
  create table wallets (user_id int primary key, balance_fen bigint not null);
`;

const lockPacket =
  'select seed, shares, remaining_fen, remaining_shares from packets where id = $1 for update';

const giveShare = `
  with taken as (
    update packets set remaining_fen = remaining_fen - $4, remaining_shares = remaining_shares - 1 where id = $1
  ), credited as (
    update wallets set balance_fen = balance_fen + $4 where user_id = $2
  )
  insert into grabs (packet_id, user_id, share_index, amount_fen) values ($1, $2, $3, $4)`;

const money = `
  select
    (select coalesce(sum(total_fen), 0) from packets)
      - (select coalesce(sum(remaining_fen), 0) from packets)
      - (select coalesce(sum(balance_fen), 0) from wallets) as imbalance_fen,
    (select count(*) from (
      select 1 from packets left join grabs on grabs.packet_id = packets.id group by packets.id
      having count(grabs.user_id) <> packets.shares - packets.remaining_shares
        or count(grabs.user_id) > packets.shares) as wrong) as over_grabs`;

interface PacketRow {
  readonly seed: Buffer;
  readonly shares: number;
  readonly remaining_fen: number;
  readonly remaining_shares: number;
}

export interface RowLockStore {
  send(size: PacketSize): Promise<string>;
  grab(user: number, packetId: string): Promise<GrabAnswer>;
  close(): Promise<void>;
}

/** Makes the tables, with a wallet for each of `users`, and a pool of `connectionsMax` connections. */
export async function createRowLockStore(
  databaseUrl: string,
  users: number,
  connectionsMax: number,
): Promise<RowLockStore> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: connectionsMax });
  await pool.query(schema);
  await pool.query('insert into wallets select user_id, 0 from generate_series(0, $1 - 1) as user_id', [
    users,
  ]);
  return {
    async send({ totalFen, shares }) {
      const { rows } = await pool.query<{ id: string }>(
        `insert into packets (seed, total_fen, shares, remaining_fen, remaining_shares)
         values ($1, $2, $3, $2, $3) returning id`,
        [randomBytes(32), totalFen, shares],
      );
      return String(rows[0]?.id);
    },
    async grab(user, packetId) {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const answer = await grabLocked(client, user, packetId);
        await client.query(answer.kind === 'won' ? 'commit' : 'rollback');
        return answer;
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  };
}

async function grabLocked(client: pg.PoolClient, user: number, packetId: string): Promise<GrabAnswer> {
  const { rows } = await client.query<PacketRow>({ name: 'lock', text: lockPacket, values: [packetId] });
  const [packet] = rows;
  if (packet === undefined) return { kind: 'refused', code: 'packet-not-found' };
  if (packet.remaining_shares === 0) return { kind: 'refused', code: 'packet-exhausted' };
  const shareIndex = packet.shares - packet.remaining_shares;
  const { seed, remaining_fen, remaining_shares } = packet;
  const amountFen = splitAmount(seed, shareIndex, remaining_fen, remaining_shares, 'lucky');
  const values = [packetId, user, shareIndex, amountFen];
  await client.query({ name: 'give', text: giveShare, values });
  return { kind: 'won', amountFen, shareIndex };
}

/** Compares the tables with each other. */
export async function checkRowLockMoney(databaseUrl: string): Promise<MoneyCheck> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ imbalance_fen: string; over_grabs: string }>(money);
    const [row] = rows;
    return { overGrabs: Number(row?.over_grabs), imbalanceFen: Number(row?.imbalance_fen), problems: [] };
  } finally {
    await client.end();
  }
}

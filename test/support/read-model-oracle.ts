import type { RecordedEvent } from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { parseConversationId } from '../../src/domain/ids.ts';

/** A table row by column name, as JSON. */
export type OracleRow = Record<string, unknown>;

/**
 * What every read table should hold after `events`: a fold of the log that is written on its own, one event at a
 * time, with nothing in common with the projections but the table's columns. Slow and simple.
 */
export function expectedTables(events: Iterable<RecordedEvent>): Map<string, OracleRow[]> {
  const tables = new Map<string, Map<string, OracleRow>>(tableNames.map((name) => [name, new Map()]));
  for (const event of events) fold(new Tables(tables), event);
  return new Map([...tables].map(([name, rows]) => [name, [...rows.values()]]));
}

/** All read tables that the oracle knows. */
export const tableNames = [
  'account',
  'friend',
  'friend_request',
  'friend_block',
  'chat_group',
  'group_member',
  'user_group',
  'message',
  'conversation_head',
  'direct_conversation',
  'conversation_start',
  'user_cursor',
  'device_cursor',
  'wallet',
  'wallet_entry',
  'ledger_posting',
  'packet',
  'packet_grab',
  'expiry',
  'expiry_count',
  'packet_record',
] as const;

type TableName = (typeof tableNames)[number];

class Tables {
  readonly #tables: Map<string, Map<string, OracleRow>>;

  constructor(tables: Map<string, Map<string, OracleRow>>) {
    this.#tables = tables;
  }

  get(table: TableName, ...key: unknown[]): OracleRow | undefined {
    return this.#tables.get(table)!.get(key.join('|'));
  }

  put(table: TableName, key: unknown[], row: OracleRow): void {
    this.#tables.get(table)!.set(key.join('|'), row);
  }

  patch(table: TableName, key: unknown[], change: OracleRow): void {
    const row = this.get(table, ...key);
    if (row !== undefined) Object.assign(row, change);
  }

  drop(table: TableName, ...key: unknown[]): void {
    this.#tables.get(table)!.delete(key.join('|'));
  }
}

function fold(tables: Tables, recorded: RecordedEvent): void {
  const event = { type: recorded.type, data: recorded.data } as DomainEvent;
  const id = recorded.stream.slice(recorded.stream.indexOf('-') + 1);
  const at = recorded.metadata.timeMs;
  const seq = recorded.revision + 1;
  switch (event.type) {
    case 'AccountRegistered': {
      const { username, nickname } = event.data;
      const row = { user_id: id, username, nickname, registered_at_ms: at, frozen: false, closed: false };
      tables.put('account', [id], row);
      break;
    }
    case 'ProfileChanged':
      tables.patch('account', [id], { nickname: event.data.nickname });
      break;
    case 'AccountFrozen':
      tables.patch('account', [id], { frozen: true });
      break;
    case 'AccountUnfrozen':
      tables.patch('account', [id], { frozen: false });
      break;
    case 'AccountClosed':
      tables.patch('account', [id], { closed: true });
      break;

    case 'FriendRequested': {
      const { from, to, note } = event.data;
      tables.put('friend_request', [to, from], {
        from_id: from,
        to_id: to,
        note,
        requested_at_ms: at,
      });
      break;
    }
    case 'FriendAccepted': {
      const { by, requestedBy } = event.data;
      tables.drop('friend_request', by, requestedBy);
      tables.put('friend', [by, requestedBy], {
        owner_id: by,
        friend_id: requestedBy,
        since_ms: at,
        remark: null,
      });
      tables.put('friend', [requestedBy, by], {
        owner_id: requestedBy,
        friend_id: by,
        since_ms: at,
        remark: null,
      });
      break;
    }
    case 'FriendDeclined':
      tables.drop('friend_request', event.data.by, event.data.requestedBy);
      break;
    case 'FriendRemoved':
      tables.drop('friend', event.data.by, event.data.removed);
      tables.drop('friend', event.data.removed, event.data.by);
      break;
    case 'RemarkSet':
      tables.patch('friend', [event.data.by, event.data.about], { remark: event.data.remark });
      break;
    case 'UserBlocked': {
      const { by, blocked } = event.data;
      tables.put('friend_block', [by, blocked], { owner_id: by, blocked_id: blocked, since_ms: at });
      break;
    }
    case 'UserUnblocked':
      tables.drop('friend_block', event.data.by, event.data.unblocked);
      break;

    case 'GroupCreated': {
      const { ownerId, memberIds, name } = event.data;
      tables.put('chat_group', [id], {
        group_id: id,
        conversation_id: `group:${id}`,
        name,
        owner_id: ownerId,
        announcement: null,
        join_policy: 'members-invite',
        member_count: 0,
        created_at_ms: at,
        dissolved_at_ms: null,
      });
      enter(tables, id, ownerId, 'owner', at);
      for (const memberId of memberIds) enter(tables, id, memberId, 'member', at);
      break;
    }
    case 'MemberJoined':
      enter(tables, id, event.data.userId, 'member', at);
      break;
    case 'MemberLeft':
    case 'MemberRemoved': {
      tables.drop('group_member', id, event.data.userId);
      tables.drop('user_group', id, event.data.userId);
      const group = tables.get('chat_group', id)!;
      group.member_count = Number(group.member_count) - 1;
      break;
    }
    case 'RoleChanged':
      tables.patch('group_member', [id, event.data.userId], { role: event.data.role });
      break;
    case 'OwnershipTransferred': {
      const { from, to } = event.data;
      tables.patch('group_member', [id, from], { role: 'member' });
      tables.patch('group_member', [id, to], { role: 'owner', muted_until_ms: null });
      tables.patch('chat_group', [id], { owner_id: to });
      break;
    }
    case 'MemberMuted':
      tables.patch('group_member', [id, event.data.userId], { muted_until_ms: event.data.untilMs });
      break;
    case 'GroupRenamed':
      tables.patch('chat_group', [id], { name: event.data.name });
      break;
    case 'AnnouncementSet':
      tables.patch('chat_group', [id], { announcement: event.data.text });
      break;
    case 'JoinPolicyChanged':
      tables.patch('chat_group', [id], { join_policy: event.data.policy });
      break;
    case 'GroupDissolved':
      tables.patch('chat_group', [id], { dissolved_at_ms: at });
      break;

    case 'MessageSent': {
      const { conversationId, senderId, clientMsgId, messageNo, kind, body, packetId } = event.data;
      const fields = { sender_id: senderId, client_msg_id: clientMsgId, message_no: messageNo, body };
      say(tables, conversationId, seq, at, { ...fields, kind, packet_id: packetId });
      tables.patch('conversation_head', [conversationId], { message_no: messageNo });
      break;
    }
    case 'MessageRecalled': {
      const { conversationId, seq: recalled, by } = event.data;
      tables.patch('message', [conversationId, recalled], { body: null, recalled_by_seq: seq });
      say(tables, conversationId, seq, at, { kind: 'recall', sender_id: by, recall_of: recalled });
      break;
    }
    case 'NoticePosted': {
      const { conversationId, notice } = event.data;
      if (notice.kind === 'member-joined') {
        const row = { conversation_id: conversationId, user_id: notice.userId, seq };
        tables.put('conversation_start', [conversationId, notice.userId], row);
      }
      say(tables, conversationId, seq, at, { kind: 'notice', notice });
      break;
    }

    case 'ReceiptsAdvanced':
      for (const { userId, deviceId, conversationId, delivered, read } of event.data.cursors) {
        const user = tables.get('user_cursor', conversationId, userId);
        tables.put('user_cursor', [conversationId, userId], {
          conversation_id: conversationId,
          user_id: userId,
          delivered: Math.max(Number(user?.delivered ?? 0), delivered),
          read: Math.max(Number(user?.read ?? 0), read),
        });
        const device = tables.get('device_cursor', conversationId, userId, deviceId);
        tables.put('device_cursor', [conversationId, userId, deviceId], {
          conversation_id: conversationId,
          user_id: userId,
          device_id: deviceId,
          delivered: Math.max(Number(device?.delivered ?? 0), delivered),
        });
      }
      break;

    case 'WalletOpened': {
      const known = tables.get('wallet', id);
      tables.put('wallet', [id], {
        user_id: id,
        balance_fen: known?.balance_fen ?? 0,
        opened_at_ms: at,
      });
      break;
    }
    case 'FundsDeposited':
      move(tables, id, recorded, 'deposit', event.data.amountFen, 'external', event.data.providerRef);
      break;
    case 'FundsWithdrawn':
      move(tables, id, recorded, 'withdrawal', -event.data.amountFen, 'external', event.data.providerRef);
      break;
    case 'PacketFunded':
      move(tables, id, recorded, 'packet', -event.data.amountFen, event.data.terms.packetId);
      break;
    case 'GrabCredited':
      move(tables, id, recorded, 'grab', event.data.amountFen, event.data.packetId);
      break;
    case 'RefundCredited':
      move(tables, id, recorded, 'refund', event.data.amountFen, event.data.packetId);
      break;

    case 'PacketSent': {
      const terms = event.data;
      const shard = oracleShard(id);
      tables.put('expiry', [id], { packet_id: id, shard, expires_at_second: terms.expiresAtSecond });
      pend(tables, shard, 1);
      count(tables, terms.senderId, at, { sent_count: 1, sent_fen: terms.totalFen });
      tables.put('packet', [id], {
        packet_id: id,
        conversation_id: terms.conversationId,
        sender_id: terms.senderId,
        kind: terms.kind,
        total_fen: terms.totalFen,
        count: terms.count,
        remaining_fen: terms.totalFen,
        remaining_shares: terms.count,
        expires_at_second: terms.expiresAtSecond,
        receivers: terms.receivers,
        greeting: terms.greeting,
        cover: terms.cover,
        needs_phrase: terms.phrase !== null,
        fairness: terms.fairness,
        sent_at_ms: at,
        state: 'open',
        ended_at_ms: null,
        luckiest: null,
        refunded_fen: 0,
        cancel_reason: null,
        seed: null,
      });
      break;
    }
    case 'PacketGrabbed': {
      const { userId, shareIndex, amountFen } = event.data;
      const row = {
        packet_id: id,
        share_index: shareIndex,
        user_id: userId,
        amount_fen: amountFen,
        time_ms: at,
        thanks: null,
      };
      tables.put('packet_grab', [id, shareIndex], row);
      count(tables, userId, at, { received_count: 1, received_fen: amountFen, best_fen: amountFen });
      const packet = tables.get('packet', id)!;
      packet.remaining_fen = Number(packet.remaining_fen) - amountFen;
      packet.remaining_shares = Number(packet.remaining_shares) - 1;
      break;
    }
    case 'PacketThanked':
      tables.patch('packet_grab', [id, event.data.shareIndex], { thanks: event.data.note });
      break;
    case 'PacketExhausted':
      end(tables, id, at, {
        state: 'exhausted',
        luckiest: event.data.luckiest,
        seed: event.data.seed,
      });
      count(tables, event.data.luckiest, at, { luckiest_count: 1 });
      break;
    case 'PacketRefunded': {
      const { amountFen, seed } = event.data;
      end(tables, id, at, { state: 'refunded', refunded_fen: amountFen, remaining_fen: 0, seed });
      count(tables, event.data.senderId, at, { returned_fen: amountFen });
      break;
    }
    case 'PacketCancelled': {
      const { amountFen, seed, reason } = event.data;
      const change = { state: 'cancelled', refunded_fen: amountFen, remaining_fen: 0, seed };
      end(tables, id, at, { ...change, cancel_reason: reason });
      count(tables, event.data.senderId, at, { returned_fen: amountFen });
      break;
    }
    default:
      break;
  }
}

function enter(tables: Tables, group: string, user: string, role: string, at: number): void {
  const known = tables.get('group_member', group, user) !== undefined;
  const row = { group_id: group, user_id: user, role, joined_at_ms: at, muted_until_ms: null };
  tables.put('group_member', [group, user], row);
  tables.put('user_group', [group, user], { group_id: group, user_id: user });
  const owner = tables.get('chat_group', group)!;
  if (!known) owner.member_count = Number(owner.member_count) + 1;
}

function say(tables: Tables, conversation: string, seq: number, at: number, fields: OracleRow): void {
  tables.put('message', [conversation, seq], {
    conversation_id: conversation,
    seq,
    time_ms: at,
    kind: null,
    sender_id: null,
    client_msg_id: null,
    message_no: null,
    body: null,
    packet_id: null,
    notice: null,
    recall_of: null,
    recalled_by_seq: null,
    ...fields,
  });
  const head = tables.get('conversation_head', conversation);
  const shown = fields.kind !== 'recall';
  tables.put('conversation_head', [conversation], {
    conversation_id: conversation,
    seq,
    message_no: head?.message_no ?? 0,
    shown_seq: shown ? seq : (head?.shown_seq ?? 0),
    shown_at_ms: shown ? at : (head?.shown_at_ms ?? 0),
  });
  const parties = parseConversationId(conversation);
  if (parties?.kind !== 'direct') return;
  for (const user of parties.users) {
    tables.put('direct_conversation', [user, conversation], { user_id: user, conversation_id: conversation });
  }
}

function move(
  tables: Tables,
  user: string,
  { revision, metadata }: RecordedEvent,
  kind: string,
  amountFen: number,
  against: string,
  providerRef: string | null = null,
): void {
  const wallet = tables.get('wallet', user);
  const balanceFen = Number(wallet?.balance_fen ?? 0) + amountFen;
  const openedAtMs = wallet?.opened_at_ms ?? null;
  tables.put('wallet', [user], { user_id: user, balance_fen: balanceFen, opened_at_ms: openedAtMs });
  const isPacket = against !== 'external';
  tables.put('wallet_entry', [user, revision], {
    user_id: user,
    entry_no: revision,
    kind,
    amount_fen: amountFen,
    balance_fen: balanceFen,
    packet_id: isPacket ? against : null,
    provider_ref: providerRef,
    time_ms: metadata.timeMs,
  });
  const place = { user_id: user, entry_no: revision };
  const account = isPacket ? `packet:${against}` : 'external';
  const own = { ...place, leg: 0, account: `wallet:${user}`, amount_fen: amountFen };
  tables.put('ledger_posting', [user, revision, 0], own);
  tables.put('ledger_posting', [user, revision, 1], { ...place, leg: 1, account, amount_fen: -amountFen });
}

function end(tables: Tables, id: string, at: number, change: OracleRow): void {
  tables.patch('packet', [id], { ...change, ended_at_ms: at });
  tables.drop('expiry', id);
  pend(tables, oracleShard(id), -1);
}

/** Adds to a user's record of the year, which begins at midnight in Shanghai; the best share is the greatest. */
function count(tables: Tables, user: string, at: number, change: Record<string, number>): void {
  const year = Number(
    new Intl.DateTimeFormat('en', { timeZone: 'Asia/Shanghai', year: 'numeric' }).format(new Date(at)),
  );
  const record: Record<string, unknown> = tables.get('packet_record', user, year) ?? {
    user_id: user,
    year,
    sent_count: 0,
    sent_fen: 0,
    returned_fen: 0,
    received_count: 0,
    received_fen: 0,
    best_fen: 0,
    luckiest_count: 0,
  };
  const sums = Object.entries(change).map(([name, value]) => [
    name,
    name === 'best_fen' ? Math.max(Number(record[name]), value) : Number(record[name]) + value,
  ]);
  tables.put('packet_record', [user, year], { ...record, ...Object.fromEntries(sums) });
}

function pend(tables: Tables, shard: number, change: number): void {
  const pending = Number(tables.get('expiry_count', shard)?.pending ?? 0) + change;
  tables.put('expiry_count', [shard], { shard, pending });
}

/** FNV-1a with murmur3's finish over the id's ASCII bytes, in 64-bit arithmetic. */
function oracleShard(id: string): number {
  const mask = 0xffff_ffffn;
  let hash = 0x811c_9dc5n;
  for (const byte of Buffer.from(id, 'ascii')) hash = ((hash ^ BigInt(byte)) * 0x0100_0193n) & mask;
  hash = ((hash ^ (hash >> 16n)) * 0x85eb_ca6bn) & mask;
  hash = ((hash ^ (hash >> 13n)) * 0xc2b2_ae35n) & mask;
  return Number((hash ^ (hash >> 16n)) % BigInt(limits.scheduler.shards));
}

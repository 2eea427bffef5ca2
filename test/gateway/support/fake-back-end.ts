import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type { Accounts, Session } from '../../../src/commands/accounts.ts';
import type {
  CommandService,
  Outcome,
  RequestContext,
  RequestOf,
  RequestType,
} from '../../../src/commands/requests.ts';
import type { ErrorCode } from '../../../src/domain/error-codes.ts';
import {
  type ConversationId,
  type DeviceId,
  directConversationId,
  type GroupId,
  groupConversationId,
  parseConversationId,
  type UserId,
} from '../../../src/domain/ids.ts';
import type { Sealed } from '../../../src/domain/sealed.ts';
import { buildGateway } from '../../../src/gateway/build-gateway.ts';
import type { GatewayDeps } from '../../../src/gateway/gateway-deps.ts';
import type { ReadSide } from '../../../src/gateway/read-side.ts';
import type { AccountRow } from '../../../src/projections/accounts-projection.ts';
import type { BusMessage, ChangeBus } from '../../../src/projections/bus.ts';
import { audienceOf, type Change } from '../../../src/projections/changes.ts';
import type { GroupMemberRow, GroupRow } from '../../../src/projections/groups-projection.ts';
import { inProcessBus } from '../../../src/projections/in-process-bus.ts';
import type { MessageRow } from '../../../src/projections/messages-projection.ts';
import type { PacketDetails } from '../../../src/projections/queries/packet-queries.ts';
import { emptyRecord } from '../../../src/projections/records-projection.ts';
import type { Runtime } from '../../../src/runtime/runtime.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';

/**
 * A back end in memory behind the gateway's own ports: accounts, chat in direct conversations and groups, and
 * whatever a test makes a command answer. Read models are up to date the moment that a command is accepted.
 */
export interface FakeBackEnd {
  readonly deps: GatewayDeps;
  readonly runtime: Runtime;
  readonly bus: ChangeBus;
  /** Makes an account and an access token for it. */
  addUser(name: string): FakeUser;
  tokenFor(user: FakeUser, expiresAtMs?: number): string;
  addGroup(name: string, owner: FakeUser, members: readonly FakeUser[]): GroupId;
  /** From now on the groups read model is behind: nothing of it is published, and who waits for it waits. */
  holdGroups(): void;
  /** It has caught up: what it held back is published. */
  releaseGroups(): void;
  /** Commits a joining and publishes it. */
  addToGroup(groupId: GroupId, user: FakeUser): void;
  /** Everything that is published from now on gets lost, as far as the bus can. */
  loseUpdates(): void;
  /** The bus carries again what is published. */
  carryUpdates(): void;
  /** Devices that were logged out; nothing is published. */
  readonly revoked: Set<DeviceId>;
  /** Commits a removal and publishes it. */
  removeFromGroup(groupId: GroupId, user: FakeUser): void;
  /** Commits a message without asking anyone; publishes it unless told not to. */
  write(
    conversationId: ConversationId,
    senderId: UserId,
    text: string,
    options?: { publish?: boolean },
  ): MessageRow;
  publish(projection: string, changes: readonly Change[]): void;
  /** Every command that came, in order. */
  readonly executed: readonly { type: RequestType; request: unknown; context: RequestContext }[];
  /** What the next commands of a type answer, in place of being carried out. */
  answerNext(type: RequestType, ...outcomes: (Outcome<never> | Promise<Outcome<never>>)[]): void;
  /** What the next reads throw. */
  failReads(times: number): void;
  setAccount(userId: UserId, change: Partial<Pick<AccountRow, 'frozen' | 'closed'>>): void;
  setPacket(details: PacketDetails): void;
  /** How far the read models say they are when the bus is silent. */
  setProgress(position: bigint): void;
}

export interface FakeUser {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly username: string;
  readonly token: string;
}

const silent = pino({ level: 'silent' });

export function seal(subject: string, text: string): Sealed {
  return { subject, key: 1, box: Buffer.from(text).toString('base64') };
}

export function fakeBackEnd(options: Partial<GatewayDeps> = {}): FakeBackEnd {
  const runtime = options.runtime ?? systemRuntime();
  const bus = inProcessBus(silent);
  const accounts = new Map<UserId, AccountRow>();
  const passwords = new Map<string, { userId: UserId; password: string }>();
  const groups = new Map<GroupId, { row: GroupRow; members: Map<UserId, GroupMemberRow> }>();
  const messages = new Map<ConversationId, MessageRow[]>();
  const cursors = new Map<string, { delivered: number; read: number }>();
  const packets = new Map<string, PacketDetails>();
  const executed: { type: RequestType; request: unknown; context: RequestContext }[] = [];
  const answered = new Map<string, Outcome<unknown>>();
  const planned = new Map<RequestType, (Outcome<never> | Promise<Outcome<never>>)[]>();
  const checkpoints = new Map<string, bigint>();
  let position = 0n;
  let failing = 0;
  let progress = 0n;
  let isLosing = false;
  const revoked = new Set<DeviceId>();

  const isIn = (userId: UserId, conversationId: ConversationId): boolean => {
    const parties = parseConversationId(conversationId);
    if (parties?.kind === 'direct') return parties.users.includes(userId);
    return parties !== undefined && groups.get(parties.groupId)?.members.has(userId) === true;
  };

  function publish(projection: string, changes: readonly Change[]): void {
    position += 1n;
    const previous = checkpoints.get(projection) ?? 0n;
    checkpoints.set(projection, position);
    const message: BusMessage = {
      kind: 'changes',
      projection,
      generation: 1,
      partitionCount: 1,
      partitions: [{ partition: 0, previous }],
      checkpoint: position,
      changes,
    };
    if (!isLosing) bus.publish(message);
  }

  function write(
    conversationId: ConversationId,
    senderId: UserId,
    text: string,
    { publish: isPublished = true }: { publish?: boolean } = {},
    clientMsgId: string = randomUUID(),
  ): MessageRow {
    const rows = messages.get(conversationId) ?? [];
    messages.set(conversationId, rows);
    const row: MessageRow = {
      conversationId,
      seq: rows.length + 1,
      kind: 'text',
      senderId,
      clientMsgId: clientMsgId as NonNullable<MessageRow['clientMsgId']>,
      messageNo: rows.length + 1,
      body: seal(senderId, JSON.stringify({ kind: 'text', text })),
      packetId: null,
      timeMs: runtime.clock.nowMs(),
      notice: null,
      recallOf: null,
      recalledBySeq: null,
    };
    rows.push(row);
    if (isPublished) {
      publish('messages', [{ kind: 'message', audience: audienceOf(conversationId), message: row }]);
    }
    return row;
  }

  const rejected = (code: ErrorCode): Outcome<never> => ({ kind: 'rejected', code, message: code });

  async function carryOut(type: RequestType, request: unknown, context: RequestContext) {
    const accepted = (answer: unknown): Outcome<unknown> => ({ kind: 'accepted', answer, position });
    if (type === 'sendMessage') {
      const { conversationId, clientMsgId, content } = request as RequestOf<'sendMessage'>;
      if (!isIn(context.userId, conversationId)) return rejected('conversation-not-found');
      const row = write(conversationId, context.userId, content.text, {}, clientMsgId);
      return accepted({ clientMsgId, conversationId, seq: row.seq, timeMs: row.timeMs });
    }
    if (type === 'ack') {
      const { cursors: acked } = request as RequestOf<'ack'>;
      for (const { conversationId, delivered, read } of acked) {
        const key = `${context.userId} ${conversationId}`;
        const before = cursors.get(key) ?? { delivered: 0, read: 0 };
        const after = {
          delivered: Math.max(before.delivered, delivered),
          read: Math.max(before.read, read),
        };
        cursors.set(key, after);
        const audience = audienceOf(conversationId);
        publish('cursors', [{ kind: 'receipt', audience, conversationId, userId: context.userId, ...after }]);
      }
    }
    return accepted({});
  }

  const commands: CommandService = {
    async execute(type, request, context) {
      executed.push({ type, request, context });
      const plan = planned.get(type)?.shift();
      if (plan !== undefined) return plan;
      const before = answered.get(context.commandId);
      const outcome = before ?? (await carryOut(type, request, context));
      if (outcome.kind === 'accepted') answered.set(context.commandId, outcome);
      return outcome as Outcome<never>;
    },
  };

  function tokenFor(user: Pick<FakeUser, 'userId' | 'deviceId'>, expiresAtMs?: number): string {
    const expiry = expiresAtMs ?? runtime.clock.nowMs() + 600_000;
    return `${user.userId}.${user.deviceId}.${expiry}.${randomUUID()}`;
  }

  function sessionOf(userId: UserId, username: string): Session {
    const deviceId = randomUUID() as DeviceId;
    const tokens = {
      accessToken: tokenFor({ userId, deviceId }),
      accessExpiresAtMs: runtime.clock.nowMs() + 600_000,
      refreshToken: `${userId} ${randomUUID()}`,
      refreshExpiresAtMs: runtime.clock.nowMs() + 86_400_000,
    };
    return { userId, deviceId, username, nickname: username, tokens };
  }

  function addAccount(username: string, password: string): UserId {
    const userId = runtime.ids.next() as UserId;
    accounts.set(userId, {
      userId,
      username: seal(userId, username),
      nickname: seal(userId, username),
      registeredAtMs: 0,
      frozen: false,
      closed: false,
    });
    passwords.set(username, { userId, password });
    return userId;
  }

  const session = (userId: UserId, username: string): Outcome<Session> => ({
    kind: 'accepted',
    answer: sessionOf(userId, username),
    position,
  });

  const accountService: Accounts = {
    async register({ username, password }) {
      if (passwords.has(username)) return rejected('username-taken');
      return session(addAccount(username, password), username);
    },
    async logIn({ username, password }) {
      const found = passwords.get(username);
      return found?.password === password ? session(found.userId, username) : rejected('bad-credentials');
    },
    async refresh(refreshToken) {
      const [userId = ''] = refreshToken.split(' ');
      const account = accounts.get(userId as UserId);
      if (account === undefined) return rejected('unauthenticated');
      return session(account.userId, Buffer.from(account.username.box, 'base64').toString());
    },
    logOut: async () => ({ kind: 'accepted', answer: {}, position }),
    changePassword: async () => ({ kind: 'accepted', answer: {}, position }),
    userIdOf: async (username) => passwords.get(username)?.userId,
  };

  const reading = async <Answer>(answer: () => Answer): Promise<Answer> => {
    if (failing > 0) {
      failing -= 1;
      throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    }
    return answer();
  };
  const conversationsOf = (userId: UserId): ConversationId[] => [
    ...new Set([
      ...[...messages.keys()].filter((id) => isIn(userId, id)),
      ...[...groups.values()]
        .filter(({ members }) => members.has(userId))
        .map(({ row }) => row.conversationId),
    ]),
  ];

  let groupsHeld:
    | { readonly caughtUp: PromiseWithResolvers<void>; readonly changes: (readonly Change[])[] }
    | undefined;
  const publishGroups = (changes: readonly Change[]): void => {
    if (groupsHeld === undefined) publish('groups', changes);
    else groupsHeld.changes.push(changes);
  };

  const reads: ReadSide = {
    async waitFor(models, wanted) {
      if (models.includes('groups')) await groupsHeld?.caughtUp.promise;
      return wanted <= position;
    },
    progress: async () => [
      {
        projection: 'messages',
        generation: 1,
        partitionCount: 1,
        partitions: [0],
        changed: progress,
        reached: progress,
      },
    ],
    accounts: (ids) => reading(() => ids.flatMap((id) => accounts.get(id) ?? [])),
    friends: () => reading(() => ({ rows: [] })),
    friendRequests: () => reading(() => ({ rows: [] })),
    blocks: () => reading(() => ({ rows: [] })),
    sentPackets: () => reading(() => ({ rows: [] })),
    receivedShares: () => reading(() => ({ rows: [] })),
    yearlyRecord: (user, year) => reading(() => emptyRecord(user, year)),
    groupsOfUsers: (users) =>
      reading(() =>
        [...groups.values()].flatMap(({ row: { groupId, memberCount }, members }) =>
          users.filter((userId) => members.has(userId)).map((userId) => ({ userId, groupId, memberCount })),
        ),
      ),
    groups: (user) =>
      reading(() => ({
        rows: [...groups.values()].filter(({ members }) => members.has(user)).map(({ row }) => row),
      })),
    groupsByIds: (asker, groupIds) =>
      reading(() =>
        groupIds.flatMap((groupId) => {
          const group = groups.get(groupId);
          return group?.members.has(asker) ? [group.row] : [];
        }),
      ),
    group: (asker, groupId) =>
      reading(() => {
        const group = groups.get(groupId);
        return group?.members.has(asker) ? group.row : undefined;
      }),
    groupMembers: (asker, groupId) =>
      reading(() => {
        const group = groups.get(groupId);
        return group?.members.has(asker) ? { rows: [...group.members.values()] } : undefined;
      }),
    inbox: (user) =>
      reading(() => ({
        rows: conversationsOf(user).flatMap((conversationId) => {
          const rows = messages.get(conversationId) ?? [];
          const last = rows.at(-1);
          if (last === undefined) return [];
          const cursor = cursors.get(`${user} ${conversationId}`) ?? { delivered: 0, read: 0 };
          const headSeq = rows.length;
          const unread = headSeq - cursor.read;
          const place = { conversationId, headSeq, startSeq: 0, lastActivityMs: last.timeMs };
          return [{ ...place, ...cursor, unread, last }];
        }),
      })),
    messages: (asker, conversationId, { afterSeq, beforeSeq, limit = 50 }) =>
      reading(() => {
        if (!isIn(asker, conversationId)) return undefined;
        const all = messages.get(conversationId) ?? [];
        const rows =
          afterSeq === undefined
            ? all.filter((row) => row.seq < (beforeSeq ?? Number.POSITIVE_INFINITY)).reverse()
            : all.filter((row) => row.seq > afterSeq);
        const shown = rows.slice(0, limit);
        const last = shown.at(-1);
        return rows.length > limit && last !== undefined ? { rows: shown, next: last.seq } : { rows: shown };
      }),
    receipts: (asker, conversationId) =>
      reading(() => {
        if (!isIn(asker, conversationId)) return undefined;
        const rows = [...cursors].flatMap(([key, cursor]) => {
          const [userId, id] = key.split(' ');
          return id === conversationId ? [{ conversationId, userId: userId as UserId, ...cursor }] : [];
        });
        return { rows };
      }),
    balanceFen: () => reading(() => undefined),
    statement: () => reading(() => ({ rows: [] })),
    packet: (asker, packetId) =>
      reading(() => {
        const details = packets.get(packetId);
        return details !== undefined && isIn(asker, details.packet.conversationId) ? details : undefined;
      }),
  };

  const deps: GatewayDeps = {
    runtime,
    logger: silent,
    environment: 'development',
    commands,
    accounts: accountService,
    paymentPins: {
      set: async () => ({ kind: 'accepted', answer: {}, position }),
      change: async () => ({ kind: 'accepted', answer: {}, position }),
      verify: async () => rejected('pin-not-set'),
      status: async () => ({ kind: 'accepted', answer: { isSet: false, lockedUntilMs: null }, position }),
    },
    tokens: {
      async verifyAccess(token) {
        const [userId, deviceId, expiry] = token.split('.');
        if (userId === undefined || deviceId === undefined || !accounts.has(userId as UserId))
          return undefined;
        const expiresAtMs = Number(expiry);
        if (!(expiresAtMs > runtime.clock.nowMs())) return undefined;
        return { userId: userId as UserId, deviceId: deviceId as DeviceId, expiresAtMs };
      },
      revokedDevices: async (devices) => devices.filter(({ deviceId }) => revoked.has(deviceId)),
    },
    keyring: { open: async ({ box }) => Buffer.from(box, 'base64').toString() },
    reads,
    bus,
    readiness: {},
    ...options,
  };

  return {
    deps,
    runtime,
    bus,
    executed,
    addUser(name) {
      const userId = addAccount(name, `${name}'s password`);
      const deviceId = randomUUID() as DeviceId;
      return { userId, deviceId, username: name, token: tokenFor({ userId, deviceId }) };
    },
    tokenFor,
    addGroup(name, owner, members) {
      const groupId = runtime.ids.next() as GroupId;
      const all = [owner, ...members].map(({ userId }) => userId);
      const row: GroupRow = {
        groupId,
        conversationId: groupConversationId(groupId),
        name: seal(groupId, name),
        ownerId: owner.userId,
        announcement: null,
        joinPolicy: 'members-invite',
        memberCount: all.length,
        createdAtMs: 0,
        dissolvedAtMs: null,
      };
      const memberRows = all.map((userId): GroupMemberRow => {
        const role = userId === owner.userId ? 'owner' : 'member';
        return { groupId, userId, role, joinedAtMs: 0, mutedUntilMs: null };
      });
      groups.set(groupId, { row, members: new Map(memberRows.map((member) => [member.userId, member])) });
      publish('groups', [{ kind: 'group', group: row, members: memberRows, leftUserIds: [] }]);
      return groupId;
    },
    revoked,
    loseUpdates() {
      isLosing = true;
    },
    carryUpdates() {
      isLosing = false;
    },
    holdGroups() {
      groupsHeld = { caughtUp: Promise.withResolvers(), changes: [] };
    },
    releaseGroups() {
      const held = groupsHeld;
      groupsHeld = undefined;
      for (const changes of held?.changes ?? []) publish('groups', changes);
      held?.caughtUp.resolve();
    },
    addToGroup(groupId, { userId }) {
      const group = groups.get(groupId);
      if (group === undefined) throw new Error('no such group');
      const member: GroupMemberRow = { groupId, userId, role: 'member', joinedAtMs: 0, mutedUntilMs: null };
      group.members.set(userId, member);
      publishGroups([{ kind: 'group', group: group.row, members: [member], leftUserIds: [] }]);
    },
    removeFromGroup(groupId, user) {
      const group = groups.get(groupId);
      if (group === undefined) throw new Error('no such group');
      group.members.delete(user.userId);
      publishGroups([{ kind: 'group', group: group.row, members: [], leftUserIds: [user.userId] }]);
    },
    write: (conversationId, senderId, text, writeOptions) =>
      write(conversationId, senderId, text, writeOptions),
    publish,
    answerNext(type, ...outcomes) {
      planned.set(type, [...(planned.get(type) ?? []), ...outcomes]);
    },
    failReads(times) {
      failing = times;
    },
    setAccount(userId, change) {
      const row = accounts.get(userId);
      if (row === undefined) throw new Error('no such account');
      const account = { ...row, ...change };
      accounts.set(userId, account);
      publish('accounts', [{ kind: 'account', account }]);
    },
    setPacket(details) {
      packets.set(details.packet.packetId, details);
    },
    setProgress(reached) {
      progress = reached;
    },
  };
}

export interface RunningGateway {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A gateway on a port of its own (or the given one). */
export async function startGateway(backEnd: FakeBackEnd, port = 0): Promise<RunningGateway> {
  const app = await buildGateway(backEnd.deps);
  await app.listen({ host: '127.0.0.1', port });
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('the gateway has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: () => app.close(),
  };
}

export function conversationOf(one: FakeUser, other: FakeUser): ConversationId {
  return directConversationId(one.userId, other.userId);
}

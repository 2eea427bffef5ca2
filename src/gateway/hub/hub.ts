import { limits } from '../../config/limits.ts';
import type { GroupId, UserId } from '../../domain/ids.ts';
import { parseConversationId } from '../../domain/ids.ts';
import type { Audience } from '../../projections/changes.ts';
import { limiter } from '../../projections/limiter.ts';
import type { UserGroupRow } from '../../projections/queries/membership-queries.ts';
import type { Connection } from '../socket/connection.ts';

/** A user with connections to this process, and the groups whose updates they get. */
export interface LocalUser {
  readonly userId: UserId;
  readonly connections: Connection[];
  readonly groups: Set<GroupId>;
  /** Set while the groups are being read. Of two reads the one that began last counts. */
  loading: GroupLoad | undefined;
  /** Whether the groups were ever read. */
  loaded: boolean;
}

/** What happened to the user meanwhile: what is being read may not know of it yet. */
interface GroupLoad {
  readonly done: Promise<void>;
  readonly joined: Set<GroupId>;
  readonly left: Set<GroupId>;
}

interface LocalGroup {
  readonly members: Set<LocalUser>;
  /** All members, wherever they are connected; 0 while it is not known. */
  memberCount: number;
}

/** Reads the groups of all these users. */
export type ReadGroups = (userIds: readonly UserId[]) => Promise<readonly UserGroupRow[]>;

/**
 * Who of this process gets what: users by their connections, groups by their members that are connected here.
 * A message to a group of 100,000 costs what its local members cost.
 */
export class Hub {
  readonly #readGroups: ReadGroups;
  readonly #users = new Map<UserId, LocalUser>();
  readonly #groups = new Map<GroupId, LocalGroup>();
  #connectionCount = 0;

  constructor(readGroups: ReadGroups) {
    this.#readGroups = readGroups;
  }

  get connectionCount(): number {
    return this.#connectionCount;
  }

  /** Whether the user may have one connection more. */
  hasRoomFor(userId: UserId): boolean {
    const user = this.#users.get(userId);
    return user === undefined || user.connections.length < limits.gateway.connectionsPerUserMax;
  }

  /**
   * Subscribes a connection to all that concerns its user. What changes after this call reaches it; the promise
   * resolves when the groups of the user are subscribed too. Rejects when those cannot be read.
   */
  async join(connection: Connection, userId: UserId): Promise<void> {
    let user = this.#users.get(userId);
    if (user === undefined) {
      user = { userId, connections: [], groups: new Set(), loading: undefined, loaded: false };
      this.#users.set(userId, user);
      this.#load([user]);
    }
    user.connections.push(connection);
    this.#connectionCount += 1;
    // One read may take over from another meanwhile.
    while (user.loading !== undefined) await user.loading.done;
  }

  /** Takes a connection out. Harmless when it is not in. */
  leave(connection: Connection): void {
    const user = connection.userId === undefined ? undefined : this.#users.get(connection.userId);
    const index = user?.connections.indexOf(connection) ?? -1;
    if (user === undefined || index < 0) return;
    user.connections.splice(index, 1);
    this.#connectionCount -= 1;
    if (user.connections.length > 0) return;
    this.#users.delete(user.userId);
    for (const groupId of [...user.groups]) this.#unsubscribe(user, groupId);
  }

  /**
   * Reads the groups of everyone who is here again, for when changes of them may have been lost. What changes
   * meanwhile counts more than what is read. Rejects when something cannot be read: all is then as it was.
   */
  async reloadGroups(): Promise<void> {
    const { refreshUsersPerRead, refreshReadsMax } = limits.gateway;
    const limited = limiter(refreshReadsMax);
    const users = [...this.#users.values()];
    const reads: Promise<void>[] = [];
    for (let start = 0; start < users.length; start += refreshUsersPerRead) {
      reads.push(limited(() => this.#load(users.slice(start, start + refreshUsersPerRead))));
    }
    await Promise.all(reads);
  }

  connectionsOf(userId: UserId): readonly Connection[] {
    return this.#users.get(userId)?.connections ?? [];
  }

  /** Whether anyone of the audience is connected here. */
  hasAudience(audience: Audience): boolean {
    for (const _user of this.audience(audience)) return true;
    return false;
  }

  /** The connected users of an audience, by membership at this moment. */
  *audience(audience: Audience): Generator<LocalUser> {
    if (audience.kind === 'users') {
      for (const userId of audience.users) {
        const user = this.#users.get(userId);
        if (user !== undefined) yield user;
      }
      return;
    }
    const parties = parseConversationId(audience.conversationId);
    if (parties?.kind === 'group') yield* this.membersOf(parties.groupId);
  }

  membersOf(groupId: GroupId): Iterable<LocalUser> {
    return this.#groups.get(groupId)?.members ?? [];
  }

  isMember(userId: UserId, groupId: GroupId): boolean {
    return this.#users.get(userId)?.groups.has(groupId) ?? false;
  }

  /** How many members a group has, connected or not; 0 while that is not known here. */
  memberCount(groupId: GroupId): number {
    return this.#groups.get(groupId)?.memberCount ?? 0;
  }

  /** From now on the user gets the group's updates. Harmless when they do already, or are not connected here. */
  memberIn(groupId: GroupId, userId: UserId): void {
    const user = this.#users.get(userId);
    if (user === undefined) return;
    user.loading?.left.delete(groupId);
    user.loading?.joined.add(groupId);
    this.#subscribe(user, groupId);
  }

  /** From now on the user gets nothing more of the group. */
  memberOut(groupId: GroupId, userId: UserId): void {
    const user = this.#users.get(userId);
    if (user === undefined) return;
    user.loading?.joined.delete(groupId);
    user.loading?.left.add(groupId);
    this.#unsubscribe(user, groupId);
  }

  /** Takes note of a group's size. Harmless when none of its members is connected here. */
  memberCountIs(groupId: GroupId, memberCount: number): void {
    const group = this.#groups.get(groupId);
    if (group !== undefined) group.memberCount = memberCount;
  }

  users(): Iterable<LocalUser> {
    return this.#users.values();
  }

  *connections(): Generator<Connection> {
    for (const user of this.#users.values()) yield* user.connections;
  }

  #load(users: readonly LocalUser[]): Promise<void> {
    const loads = new Map<LocalUser, GroupLoad>();
    const done = this.#readGroups(users.map(({ userId }) => userId)).then(
      (rows) => {
        const read = new Map<UserId, UserGroupRow[]>();
        for (const row of rows) {
          const own = read.get(row.userId);
          if (own === undefined) read.set(row.userId, [row]);
          else own.push(row);
        }
        for (const [user, load] of loads) this.#loaded(user, load, read.get(user.userId) ?? []);
      },
      (error: unknown) => {
        for (const [user, load] of loads) this.#notLoaded(user, load);
        throw error;
      },
    );
    // Every waiter handles the rejection; this keeps it handled when all have gone before.
    done.catch(() => undefined);
    for (const user of users) {
      const load = { done, joined: new Set<GroupId>(), left: new Set<GroupId>() };
      loads.set(user, load);
      user.loading = load;
    }
    return done;
  }

  #loaded(user: LocalUser, load: GroupLoad, rows: readonly UserGroupRow[]): void {
    if (user.loading !== load) return;
    user.loading = undefined;
    user.loaded = true;
    // The user may have disconnected meanwhile, and even come back as another object.
    if (this.#users.get(user.userId) !== user) return;
    const wanted = new Set(load.joined);
    for (const { groupId } of rows) if (!load.left.has(groupId)) wanted.add(groupId);
    for (const groupId of [...user.groups]) if (!wanted.has(groupId)) this.#unsubscribe(user, groupId);
    for (const groupId of wanted) this.#subscribe(user, groupId);
    for (const { groupId, memberCount } of rows) this.memberCountIs(groupId, memberCount);
  }

  #notLoaded(user: LocalUser, load: GroupLoad): void {
    if (user.loading !== load) return;
    user.loading = undefined;
    // A read that was to renew leaves what is known; whoever made it tries again.
    if (user.loaded) return;
    // Whoever waits is refused and leaves; the next one to join reads again.
    if (this.#users.get(user.userId) === user) this.#users.delete(user.userId);
    this.#connectionCount -= user.connections.length;
    user.connections.length = 0;
    for (const groupId of [...user.groups]) this.#unsubscribe(user, groupId);
  }

  #subscribe(user: LocalUser, groupId: GroupId): void {
    user.groups.add(groupId);
    const group = this.#groups.get(groupId);
    if (group === undefined) this.#groups.set(groupId, { members: new Set([user]), memberCount: 0 });
    else group.members.add(user);
  }

  #unsubscribe(user: LocalUser, groupId: GroupId): void {
    user.groups.delete(groupId);
    const group = this.#groups.get(groupId);
    group?.members.delete(user);
    if (group?.members.size === 0) this.#groups.delete(groupId);
  }
}

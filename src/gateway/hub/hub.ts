import { limits } from '../../config/limits.ts';
import type { ConversationId, GroupId, UserId } from '../../domain/ids.ts';
import { parseConversationId } from '../../domain/ids.ts';
import type { Audience } from '../../projections/changes.ts';
import type { Connection } from '../socket/connection.ts';

/** A user with connections to this process, and the groups whose updates they get. */
export interface LocalUser {
  readonly userId: UserId;
  readonly connections: Connection[];
  readonly groups: Set<GroupId>;
  /** Set while the groups are being read. */
  loading: GroupLoad | undefined;
}

interface GroupLoad {
  readonly done: Promise<void>;
  /** Groups that the user left meanwhile: what is being read may not know of it yet. */
  readonly left: Set<GroupId>;
}

/** Reads the ids of all conversations that a user takes part in. */
export type ReadConversationIds = (userId: UserId) => Promise<readonly ConversationId[]>;

/**
 * Who of this process gets what: users by their connections, groups by their members that are connected here.
 * A message to a group of 100,000 costs what its local members cost.
 */
export class Hub {
  readonly #readConversationIds: ReadConversationIds;
  readonly #users = new Map<UserId, LocalUser>();
  readonly #groups = new Map<GroupId, Set<LocalUser>>();
  #connectionCount = 0;

  constructor(readConversationIds: ReadConversationIds) {
    this.#readConversationIds = readConversationIds;
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
      user = { userId, connections: [], groups: new Set(), loading: undefined };
      this.#users.set(userId, user);
      this.#startLoading(user);
    }
    user.connections.push(connection);
    this.#connectionCount += 1;
    await user.loading?.done;
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
    return this.#groups.get(groupId) ?? [];
  }

  isMember(userId: UserId, groupId: GroupId): boolean {
    return this.#users.get(userId)?.groups.has(groupId) ?? false;
  }

  /** From now on the user gets the group's updates. Harmless when they do already, or are not connected here. */
  memberIn(groupId: GroupId, userId: UserId): void {
    const user = this.#users.get(userId);
    if (user === undefined) return;
    user.loading?.left.delete(groupId);
    this.#subscribe(user, groupId);
  }

  /** From now on the user gets nothing more of the group. */
  memberOut(groupId: GroupId, userId: UserId): void {
    const user = this.#users.get(userId);
    if (user === undefined) return;
    user.loading?.left.add(groupId);
    this.#unsubscribe(user, groupId);
  }

  *connections(): Generator<Connection> {
    for (const user of this.#users.values()) yield* user.connections;
  }

  #startLoading(user: LocalUser): void {
    const left = new Set<GroupId>();
    const done = this.#readConversationIds(user.userId).then(
      (conversationIds) => {
        user.loading = undefined;
        // The user may have disconnected meanwhile, and even come back as another object.
        if (this.#users.get(user.userId) !== user) return;
        for (const conversationId of conversationIds) {
          // Direct conversations need no subscription: their changes name both users.
          const parties = parseConversationId(conversationId);
          if (parties?.kind === 'group' && !left.has(parties.groupId)) this.#subscribe(user, parties.groupId);
        }
      },
      (error: unknown) => {
        // Whoever waits is refused and leaves; the next one to join reads again.
        if (this.#users.get(user.userId) === user) this.#users.delete(user.userId);
        this.#connectionCount -= user.connections.length;
        user.connections.length = 0;
        for (const groupId of [...user.groups]) this.#unsubscribe(user, groupId);
        throw error;
      },
    );
    // Every waiter handles the rejection; this keeps it handled when all have gone before.
    done.catch(() => undefined);
    user.loading = { done, left };
  }

  #subscribe(user: LocalUser, groupId: GroupId): void {
    user.groups.add(groupId);
    const members = this.#groups.get(groupId);
    if (members === undefined) this.#groups.set(groupId, new Set([user]));
    else members.add(user);
  }

  #unsubscribe(user: LocalUser, groupId: GroupId): void {
    user.groups.delete(groupId);
    const members = this.#groups.get(groupId);
    members?.delete(user);
    if (members?.size === 0) this.#groups.delete(groupId);
  }
}

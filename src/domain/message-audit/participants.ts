import type { FriendshipEvent } from '../friendship/friendship-events.ts';
import type { GroupEvent } from '../group/group-events.ts';
import type { ConversationParties } from '../ids.ts';
import type { AuditedEvent } from '../ledger/audited-event.ts';
import { streams } from '../streams.ts';
import type { UserNames } from './user-names.ts';

/** Where a member has not left, in place of when. */
const isIn = -1;

/** A group: its members, and those who were. Changes in place. */
interface Group {
  readonly kind: 'group';
  /** When each one left last, ms by recorded time; `isIn` while they are in. */
  readonly leftAtMs: Map<string, number>;
  dissolvedAtMs: number | undefined;
}

/** What is between two users. Changes in place. */
interface Pair {
  readonly kind: 'pair';
  friends: boolean;
  /** 1: the first of the stream's name has blocked, 2: the other has, 3: both. */
  blocks: number;
  /** When they could write to each other for the last time, ms; `undefined`: they never could. */
  openUntilMs: number | undefined;
}

/** Those who take part in one conversation, as they are at this point of the log. */
export interface Party {
  readonly parties: ConversationParties;
  readonly state: Group | Pair;
}

/**
 * Who may do what in a conversation, going by the group's and the friendship's events up to now: rule M6. What was
 * taken away less than `permissionWithinMs` ago still counts, since a permission is read before it is acted on
 * (docs/preconditions.md). What was never given is never excused: it stands in the log before the act.
 */
export class Participants {
  /** By stream. */
  readonly #groups = new Map<string, Group>();
  readonly #pairs = new Map<string, Pair>();
  readonly #users: UserNames;
  readonly #permissionWithinMs: number;

  constructor(users: UserNames, permissionWithinMs: number) {
    this.#users = users;
    this.#permissionWithinMs = permissionWithinMs;
  }

  group({ stream, timeMs }: AuditedEvent, event: GroupEvent): void {
    const group = this.#group(stream);
    switch (event.type) {
      case 'GroupCreated':
        for (const userId of [event.data.ownerId, ...event.data.memberIds]) this.#join(group, userId);
        break;
      case 'MemberJoined':
        this.#join(group, event.data.userId);
        break;
      case 'MemberLeft':
      case 'MemberRemoved':
        group.leftAtMs.set(this.#users.kept(event.data.userId), timeMs);
        break;
      case 'GroupDissolved':
        group.dissolvedAtMs = timeMs;
        break;
    }
  }

  friendship({ stream, timeMs }: AuditedEvent, event: FriendshipEvent): void {
    const pair = this.#pair(stream);
    const wasOpen = isOpen(pair);
    switch (event.type) {
      case 'FriendAccepted':
        pair.friends = true;
        break;
      case 'FriendRemoved':
        pair.friends = false;
        break;
      case 'UserBlocked':
        pair.blocks |= blockOf(stream, event.data.by);
        break;
      case 'UserUnblocked':
        pair.blocks &= ~blockOf(stream, event.data.by);
        break;
    }
    if (wasOpen && !isOpen(pair)) pair.openUntilMs = timeMs;
  }

  /** Those who take part. What is answered follows the log as it goes on. */
  of(parties: ConversationParties): Party {
    const state =
      parties.kind === 'group'
        ? this.#group(streams.group(parties.groupId))
        : this.#pair(streams.friendship(...parties.users));
    return { parties, state };
  }

  /** Why `userId` may not have sent a message; `undefined` when they may. A mute is not looked at. */
  sendRefusal(party: Party, userId: string, timeMs: number): string | undefined {
    const refusal = this.takePartRefusal(party, userId, timeMs);
    if (refusal !== undefined) return refusal;
    const { state } = party;
    if (state.kind === 'group') {
      return state.dissolvedAtMs !== undefined && this.#isOver(state.dissolvedAtMs, timeMs)
        ? `the group was dissolved at ${state.dissolvedAtMs} ms`
        : undefined;
    }
    if (isOpen(state)) return undefined;
    if (state.openUntilMs === undefined) return 'the two could never write to each other';
    return this.#isOver(state.openUntilMs, timeMs)
      ? `the two could write to each other until ${state.openUntilMs} ms`
      : undefined;
  }

  /** Why `userId` may not have recalled or acknowledged a message: a past is nobody's to take away. */
  takePartRefusal({ parties, state }: Party, userId: string, timeMs: number): string | undefined {
    if (parties.kind === 'direct') {
      return parties.users.some((one) => one === userId) ? undefined : 'they are not one of the two';
    }
    const leftAtMs = state.kind === 'group' ? state.leftAtMs.get(userId) : undefined;
    if (leftAtMs === undefined) return 'they were never in the group';
    if (leftAtMs === isIn) return undefined;
    return this.#isOver(leftAtMs, timeMs) ? `they left the group at ${leftAtMs} ms` : undefined;
  }

  #isOver(untilMs: number, timeMs: number): boolean {
    return timeMs - untilMs > this.#permissionWithinMs;
  }

  #join(group: Group, userId: string): void {
    group.leftAtMs.set(this.#users.kept(userId), isIn);
  }

  #group(stream: string): Group {
    const known = this.#groups.get(stream);
    if (known !== undefined) return known;
    const group: Group = { kind: 'group', leftAtMs: new Map(), dissolvedAtMs: undefined };
    this.#groups.set(stream, group);
    return group;
  }

  #pair(stream: string): Pair {
    const known = this.#pairs.get(stream);
    if (known !== undefined) return known;
    const pair: Pair = { kind: 'pair', friends: false, blocks: 0, openUntilMs: undefined };
    this.#pairs.set(stream, pair);
    return pair;
  }
}

function isOpen({ friends, blocks }: Pair): boolean {
  return friends && blocks === 0;
}

/** The bit of the one who blocks, in `blocks`. */
function blockOf(stream: string, by: string): number {
  return stream.startsWith(by, 'friendship-'.length) ? 1 : 2;
}

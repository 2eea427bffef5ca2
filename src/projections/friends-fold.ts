import type { UserId } from '../domain/ids.ts';
import type { Sealed } from '../domain/sealed.ts';
import type { FriendBlockRow, FriendRequestRow, FriendRow } from './friends-projection.ts';
import type { ProjectedEvent } from './projected-event.ts';

/** The place of `otherId` in one of `ownerId`'s lists. */
export interface DirectedPair {
  readonly ownerId: UserId;
  readonly otherId: UserId;
}

/** What stands at that place after the batch: a row, or nothing. */
export interface DirectedDelta<Row> extends DirectedPair {
  readonly row: Row | null;
}

/** What a batch amounts to. A place that the batch did not touch is absent. */
export interface FriendsRows {
  readonly friends: readonly DirectedDelta<FriendRow>[];
  /** Remarks about friends whose row the batch did not make itself. */
  readonly remarks: readonly (DirectedPair & { readonly remark: Sealed | null })[];
  /** `ownerId` is who was asked. */
  readonly requests: readonly DirectedDelta<FriendRequestRow>[];
  readonly blocks: readonly DirectedDelta<FriendBlockRow>[];
}

/** Folds the events of any number of pairs. */
export function foldFriends(events: readonly ProjectedEvent[]): FriendsRows {
  const friends = new PairMap<DirectedDelta<FriendRow>>();
  const remarks = new PairMap<DirectedPair & { readonly remark: Sealed | null }>();
  const requests = new PairMap<DirectedDelta<FriendRequestRow>>();
  const blocks = new PairMap<DirectedDelta<FriendBlockRow>>();

  const setFriends = (one: UserId, other: UserId, sinceMs: number | null): void => {
    for (const [ownerId, friendId] of [
      [one, other],
      [other, one],
    ] as const) {
      const row = sinceMs === null ? null : { ownerId, friendId, sinceMs, remark: null };
      friends.set({ ownerId, otherId: friendId, row });
      remarks.delete(ownerId, friendId);
    }
  };
  const setRemark = (ownerId: UserId, otherId: UserId, remark: Sealed | null): void => {
    const known = friends.get(ownerId, otherId);
    if (known === undefined) remarks.set({ ownerId, otherId, remark });
    else if (known.row !== null) friends.set({ ...known, row: { ...known.row, remark } });
  };

  for (const event of events) {
    switch (event.type) {
      case 'FriendRequested': {
        const { from, to, note } = event.data;
        const row = { fromId: from, toId: to, note, requestedAtMs: event.timeMs };
        requests.set({ ownerId: to, otherId: from, row });
        break;
      }
      case 'FriendAccepted':
        requests.set({ ownerId: event.data.by, otherId: event.data.requestedBy, row: null });
        setFriends(event.data.by, event.data.requestedBy, event.timeMs);
        break;
      case 'FriendDeclined':
        requests.set({ ownerId: event.data.by, otherId: event.data.requestedBy, row: null });
        break;
      case 'FriendRemoved':
        setFriends(event.data.by, event.data.removed, null);
        break;
      case 'RemarkSet':
        setRemark(event.data.by, event.data.about, event.data.remark);
        break;
      case 'UserBlocked': {
        const { by, blocked } = event.data;
        const row = { ownerId: by, blockedId: blocked, sinceMs: event.timeMs };
        blocks.set({ ownerId: by, otherId: blocked, row });
        break;
      }
      case 'UserUnblocked':
        blocks.set({ ownerId: event.data.by, otherId: event.data.unblocked, row: null });
        break;
      default:
        break;
    }
  }
  return {
    friends: friends.values(),
    remarks: remarks.values(),
    requests: requests.values(),
    blocks: blocks.values(),
  };
}

/** A map by directed pair whose values come out in the order in which they were last set. */
class PairMap<Value extends DirectedPair> {
  readonly #byKey = new Map<string, Value>();

  get(ownerId: UserId, otherId: UserId): Value | undefined {
    return this.#byKey.get(directedKey(ownerId, otherId));
  }

  set(value: Value): void {
    this.delete(value.ownerId, value.otherId);
    this.#byKey.set(directedKey(value.ownerId, value.otherId), value);
  }

  delete(ownerId: UserId, otherId: UserId): void {
    this.#byKey.delete(directedKey(ownerId, otherId));
  }

  values(): Value[] {
    return [...this.#byKey.values()];
  }
}

function directedKey(ownerId: UserId, otherId: UserId): string {
  return `${ownerId}>${otherId}`;
}

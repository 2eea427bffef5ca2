import type { Client } from '../../../src/client/index.ts';
import type { UserId } from '../../../src/domain/ids.ts';
import { bounds } from '../../../src/protocol/bounds.ts';
import type { MessageView } from '../../../src/protocol/views/message-views.ts';
import type { PacketView } from '../../../src/protocol/views/money-views.ts';
import type { UserView } from '../../../src/protocol/views/user-views.ts';
import { createReloader } from '../state/reloader.ts';
import type { Store } from '../state/store.ts';
import type { SessionState } from './session-state.ts';

/** The state with these users known. */
export function withPeople(state: SessionState, users: readonly UserView[]): SessionState {
  if (users.length === 0) return state;
  const people = new Map(state.people);
  for (const user of users) people.set(user.userId, user);
  return { ...state, people };
}

/**
 * Asks for the names of users that are not known yet, many at once. A name that cannot be had now is asked for
 * again when it is next needed; until then its user is shown without one.
 */
export function createPeopleLearner(
  client: Pick<Client, 'users'>,
  store: Store<SessionState>,
): (ids: readonly UserId[]) => void {
  const wanted = new Set<UserId>();
  const load = createReloader(async () => {
    while (wanted.size > 0) {
      const ids = [...wanted].slice(0, bounds.usersPerLookup);
      for (const id of ids) wanted.delete(id);
      const users = await client.users(ids).catch(() => []);
      store.update((state) => withPeople(state, users));
    }
  });
  return (ids) => {
    const { people } = store.get();
    for (const id of ids) if (!people.has(id)) wanted.add(id);
    if (wanted.size > 0) void load();
  };
}

/** Everyone whom an item of a conversation names. */
export function peopleInItem(item: MessageView): readonly UserId[] {
  if (item.kind === 'recall') return [item.by];
  if (item.kind !== 'notice') return [item.senderId];
  const { notice } = item;
  switch (notice.kind) {
    case 'member-joined':
      return [notice.userId, notice.invitedBy];
    case 'member-left':
      return [notice.userId];
    case 'member-removed':
      return [notice.userId, notice.by];
    case 'group-created':
    case 'friends-now':
    case 'group-renamed':
    case 'group-dissolved':
      return [notice.by];
  }
}

/** Everyone whom a packet names. */
export function peopleInPacket(packet: PacketView): readonly UserId[] {
  return [packet.senderId, ...packet.receivers, ...(packet.grabs ?? []).map((grab) => grab.userId)];
}

import type { EventLog } from '../../commands/event-log.ts';
import { groupDecider } from '../../domain/group/group-decider.ts';
import type { GroupEvent, GroupRole, JoinPolicy } from '../../domain/group/group-events.ts';
import type { GroupState } from '../../domain/group/group-state.ts';
import type { GroupId, UserId } from '../../domain/ids.ts';
import type { Sealed } from '../../domain/sealed.ts';
import { streams } from '../../domain/streams.ts';
import { type FoldedStream, foldStream } from './fold-stream.ts';
import type { Moment } from './moment.ts';

export interface GroupView {
  readonly status: GroupState['status'];
  readonly name: Sealed | null;
  readonly announcement: Sealed | null;
  readonly joinPolicy: JoinPolicy;
  readonly createdAtMs: number | null;
  readonly dissolved: { readonly atMs: number; readonly by: UserId } | null;
  /** The owner first, then the admins, then the others; of a dissolved group those whom it had at its end. */
  readonly members: readonly {
    readonly userId: UserId;
    readonly role: GroupRole;
    readonly mutedUntilMs: number | null;
  }[];
}

const rank: Readonly<Record<GroupRole, number>> = { owner: 0, admin: 1, member: 2 };

/** A group as it was at a moment. */
export async function groupAt(
  log: EventLog,
  groupId: GroupId,
  moment: Moment,
): Promise<FoldedStream<GroupView>> {
  let name: Sealed | null = null;
  let announcement: Sealed | null = null;
  let createdAtMs: number | null = null;
  let dissolved: GroupView['dissolved'] = null;
  const observe = ({ type, data }: GroupEvent, { timeMs }: { readonly timeMs: number }): void => {
    if (type === 'GroupCreated') {
      createdAtMs = timeMs;
      name = data.name;
    } else if (type === 'GroupRenamed') name = data.name;
    else if (type === 'AnnouncementSet') announcement = data.text;
    else if (type === 'GroupDissolved') dissolved = { atMs: timeMs, by: data.by };
  };
  const folded = await foldStream(log, streams.group(groupId), groupDecider, moment, observe);
  const { status, joinPolicy } = folded.state;
  const members = [...folded.state.members]
    .map(([userId, { role, mutedUntilMs }]) => ({ userId, role, mutedUntilMs }))
    .sort((one, other) => rank[one.role] - rank[other.role] || (one.userId < other.userId ? -1 : 1));
  const state: GroupView = { status, name, announcement, joinPolicy, createdAtMs, dissolved, members };
  return { ...folded, state };
}

import { useEffect, useState } from 'preact/hooks';
import { ClientError } from '../../../src/client/index.ts';
import { type ConversationId, parseConversationId, type UserId } from '../../../src/domain/ids.ts';
import { useNames, useSession, useSessionState } from './use-session.ts';

interface Participants {
  /** Everyone in the conversation beside this user; of a large group, its first page. */
  readonly people: readonly { readonly userId: UserId; readonly name: string }[];
}

/** Who takes part in a conversation. Empty until it is known. */
export function useParticipants(id: ConversationId): Participants {
  const session = useSession();
  const { me } = useSessionState();
  const nameOf = useNames();
  const [members, setMembers] = useState<readonly UserId[]>([]);

  useEffect(() => {
    const parties = parseConversationId(id);
    if (parties?.kind === 'direct') setMembers(parties.users);
    if (parties?.kind !== 'group') return;
    let wanted = true;
    session
      .groupMembers(parties.groupId)
      .then((users) => {
        if (wanted) setMembers(users.map((user) => user.userId));
      })
      .catch((error: unknown) => {
        // Nobody can be chosen then, and the form says so.
        if (!(error instanceof ClientError)) throw error;
      });
    return () => {
      wanted = false;
    };
  }, [session, id]);

  const others = members.filter((userId) => userId !== me.userId);
  return { people: others.map((userId) => ({ userId, name: nameOf(userId) })) };
}

import { type ConversationId, parseConversationId } from '../../../src/domain/ids.ts';
import { useNames, useSessionState } from './use-session.ts';

/** What a conversation is called on this side: the other one's name, or the group's. */
export function useConversationTitle(id: ConversationId): string {
  const { me, groups, inbox } = useSessionState();
  const nameOf = useNames();
  const parties = parseConversationId(id);
  if (parties?.kind === 'direct') {
    const [one, other] = parties.users;
    return nameOf(one === me.userId ? other : one);
  }
  const group = groups?.find((candidate) => candidate.conversationId === id);
  const entry = inbox?.find((candidate) => candidate.conversationId === id);
  return group?.name ?? entry?.groupName ?? '…';
}

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { UserId } from '../../../src/domain/ids.ts';
import { useTexts } from '../i18n/language-context.ts';
import type { Session } from '../session/session.ts';
import type { SessionState } from '../session/session-state.ts';
import { useStore } from '../state/use-store.ts';

/** The session of the side that a component is drawn on. */
export const CurrentSession = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(CurrentSession);
  if (session === undefined)
    throw new Error('This component belongs to a side that somebody is signed in on');
  return session;
}

export function useSessionState(): SessionState {
  return useStore(useSession().store);
}

/** What a user is called here: the remark, the nickname, or the user name. Empty while it is not known yet. */
export function useNames(): (userId: UserId) => string {
  const { people, remarks } = useSessionState();
  const { people: texts } = useTexts();
  return (userId) => {
    const user = people.get(userId);
    if (user === undefined) return '…';
    return remarks.get(userId) ?? user.nickname ?? user.username ?? texts.forgotten;
  };
}

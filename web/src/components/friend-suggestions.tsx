import { useDemoAccounts } from '../hooks/use-demo-accounts.ts';
import { useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';

interface FriendSuggestionsProps {
  disabled: boolean;
  onAdd(username: string): void;
}

/** The demo accounts that are neither friends yet nor asked. Nothing when there are none. */
export function FriendSuggestions({ disabled, onAdd }: FriendSuggestionsProps) {
  const texts = useTexts().friends;
  const { me, friends, requests } = useSessionState();
  const demo = useDemoAccounts();
  if (demo.kind !== 'ready' || friends === undefined || requests === undefined) return null;
  const known = new Set(
    [me, ...[...friends, ...requests].map((entry) => entry.user)].map((user) => user.username),
  );
  const others = demo.accounts.filter((account) => !known.has(account.username));
  if (others.length === 0) return null;
  return (
    <div class="suggestions">
      <span class="hint">{texts.suggestions}</span>
      {others.map(({ username, nickname }) => (
        <button key={username} type="button" disabled={disabled} onClick={() => onAdd(username)}>
          {texts.addNamed(nickname)}
        </button>
      ))}
    </div>
  );
}

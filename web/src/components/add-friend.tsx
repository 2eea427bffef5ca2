import { useId, useState } from 'preact/hooks';
import { bounds } from '../../../src/protocol/bounds.ts';
import { useAction } from '../hooks/use-action.ts';
import { useSession } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { Field } from './field.tsx';
import { FriendSuggestions } from './friend-suggestions.tsx';
import { Problem } from './problem.tsx';

type Result = { readonly found: boolean; readonly name: string };

/** Asking somebody for friendship, by user name and with a note. */
export function AddFriend() {
  const texts = useTexts();
  const session = useSession();
  const headingId = useId();
  const [username, setUsername] = useState('');
  const [note, setNote] = useState('');
  const [result, setResult] = useState<Result | undefined>(undefined);

  const request = useAction(async (wanted: string) => {
    setResult(undefined);
    const user = await session.requestFriend(wanted, note.trim());
    setResult({ found: user !== null, name: user?.nickname ?? wanted });
    if (user === null) return;
    setUsername('');
    setNote('');
  });

  return (
    <section class="block" aria-labelledby={headingId}>
      <h3 id={headingId}>{texts.friends.add}</h3>
      <form
        class="form form-inline"
        onSubmit={(event) => {
          event.preventDefault();
          void request.run(username.trim());
        }}
      >
        <Field
          label={texts.signIn.username}
          value={username}
          onValue={setUsername}
          input={{
            autoComplete: 'off',
            isIdentifier: true,
            required: true,
            maxLength: bounds.usernameChars,
          }}
        />
        <Field
          label={texts.friends.note}
          value={note}
          onValue={setNote}
          input={{ autoComplete: 'off', maxLength: bounds.friendNoteChars }}
        />
        <button type="submit" disabled={request.busy}>
          {texts.friends.send}
        </button>
      </form>
      <FriendSuggestions disabled={request.busy} onAdd={(suggested) => void request.run(suggested)} />
      <Problem
        code={request.failure}
        text={result?.found === false ? texts.friends.noSuchUser(result.name) : undefined}
      />
      <p class="hint" role="status">
        {result?.found === true ? texts.friends.sent(result.name) : ''}
      </p>
    </section>
  );
}

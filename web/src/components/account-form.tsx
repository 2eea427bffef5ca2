import { useState } from 'preact/hooks';
import { useAction } from '../hooks/use-action.ts';
import type { SideControls } from '../hooks/use-side.ts';
import { useTexts } from '../i18n/language-context.ts';
import { Choice } from './choice.tsx';
import { Field } from './field.tsx';
import { Problem } from './problem.tsx';

type Mode = 'log-in' | 'register';

/** Logging in with any account, and registering a new one. */
export function AccountForm({ controls }: { controls: SideControls }) {
  const texts = useTexts().signIn;
  const [mode, setMode] = useState<Mode>('log-in');
  const [username, setUsername] = useState('');
  const [nickname, setNickname] = useState('');
  const [password, setPassword] = useState('');
  const enter = useAction(() =>
    mode === 'register'
      ? controls.register(username.trim(), password, nickname.trim())
      : controls.logIn(username.trim(), password),
  );
  const isNew = mode === 'register';
  const modes = [
    { value: 'log-in', text: texts.logIn },
    { value: 'register', text: texts.register },
  ] as const;

  return (
    <details class="own-account">
      <summary>{texts.ownAccount}</summary>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void enter.run();
        }}
      >
        <Choice label={texts.modes} options={modes} value={mode} onValue={(chosen) => setMode(chosen)} />
        <Field
          label={texts.username}
          value={username}
          onValue={setUsername}
          {...(isNew ? { hint: texts.usernameHint } : {})}
          input={{ autoComplete: 'username', isIdentifier: true, required: true }}
        />
        {isNew && (
          <Field
            label={texts.nickname}
            value={nickname}
            onValue={setNickname}
            input={{ autoComplete: 'nickname', maxLength: 64, required: true }}
          />
        )}
        <Field
          label={texts.password}
          value={password}
          onValue={setPassword}
          {...(isNew ? { hint: texts.passwordHint } : {})}
          input={{
            type: 'password',
            autoComplete: isNew ? 'new-password' : 'current-password',
            required: true,
          }}
        />
        <Problem code={enter.failure} />
        <button type="submit" class="button-primary" disabled={enter.busy}>
          {isNew ? texts.register : texts.logIn}
        </button>
      </form>
    </details>
  );
}

import type { DevAccounts } from '../../../src/protocol/http.ts';
import { useDemoAccounts } from '../hooks/use-demo-accounts.ts';
import { useTexts } from '../i18n/language-context.ts';
import { Avatar } from './avatar.tsx';

export type DemoAccount = DevAccounts['items'][number];

interface DemoAccountsProps {
  disabled: boolean;
  onChoose(account: DemoAccount): void;
}

/** The accounts that a development server has, each one click away. */
export function DemoAccounts({ disabled, onChoose }: DemoAccountsProps) {
  const { app, signIn, errors } = useTexts();
  const demo = useDemoAccounts();
  switch (demo.kind) {
    case 'loading':
      return <p class="hint">{app.loading}</p>;
    case 'none':
      return <p class="hint">{signIn.noDemo}</p>;
    case 'failed':
      return (
        <div class="empty">
          <p role="alert">{signIn.demoFailed(errors[demo.code])}</p>
          <button type="button" onClick={demo.again}>
            {app.tryAgain}
          </button>
        </div>
      );
    case 'ready':
      return (
        <>
          <p class="hint">{signIn.demo}</p>
          <ul class="demo-accounts">
            {demo.accounts.map((account) => (
              <li key={account.username}>
                <button
                  type="button"
                  class="demo-account"
                  disabled={disabled}
                  aria-label={signIn.enterAs(account.nickname)}
                  onClick={() => onChoose(account)}
                >
                  <Avatar id={account.username} name={account.nickname} />
                  <span>{account.nickname}</span>
                </button>
              </li>
            ))}
          </ul>
        </>
      );
  }
}

import { useAction } from '../hooks/use-action.ts';
import type { SideControls } from '../hooks/use-side.ts';
import { useTexts } from '../i18n/language-context.ts';
import { AccountForm } from './account-form.tsx';
import { DemoAccounts } from './demo-accounts.tsx';
import { Problem } from './problem.tsx';

/** A side on which nobody is signed in: who is it to be? */
export function SignIn({ controls, headingId }: { controls: SideControls; headingId: string }) {
  const texts = useTexts().signIn;
  const enter = useAction(controls.logIn);
  return (
    <div class="sign-in" aria-busy={enter.busy}>
      <h2 id={headingId}>{texts.heading}</h2>
      <DemoAccounts
        disabled={enter.busy}
        onChoose={({ username, password }) => void enter.run(username, password)}
      />
      <p class="hint" role="status">
        {enter.busy ? texts.entering : ''}
      </p>
      <Problem code={enter.failure} />
      <AccountForm controls={controls} />
    </div>
  );
}

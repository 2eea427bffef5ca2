import type { ClientErrorCode } from '../../../src/client/index.ts';
import { useTexts } from '../i18n/language-context.ts';

/** That whoever is signed in on this side cannot be shown now, why, and the way to try again. */
export function ResumeFailure({ code, onAgain }: { code: ClientErrorCode; onAgain(): void }) {
  const { app, signIn, errors } = useTexts();
  return (
    <div class="banner" role="alert">
      <p>{signIn.resumeFailed(errors[code])}</p>
      <button type="button" onClick={onAgain}>
        {app.tryAgain}
      </button>
    </div>
  );
}

import { useSession, useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';

/** That something could not be loaded, why, and the way to try again. Nothing when all is well. */
export function LoadFailure() {
  const { app, errors } = useTexts();
  const session = useSession();
  const { loadFailure } = useSessionState();
  if (loadFailure === undefined) return null;
  return (
    <div class="banner" role="alert">
      <p>{app.somethingFailed(errors[loadFailure])}</p>
      <button type="button" onClick={session.reload}>
        {app.tryAgain}
      </button>
    </div>
  );
}

import { useTexts } from '../i18n/language-context.ts';

/** That the server does not take this page as it is (an old one above all), and the way to have the current one. */
export function ConnectionStopped() {
  const { connection } = useTexts();
  return (
    <div class="banner" role="alert">
      <p>{connection.stoppedWhy}</p>
      <button type="button" onClick={() => window.location.reload()}>
        {connection.reload}
      </button>
    </div>
  );
}

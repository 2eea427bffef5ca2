import { useTexts } from '../i18n/language-context.ts';

/** That this session cannot go on, and the way to begin another. */
export function SessionEnded({ onLeave }: { onLeave(): void }) {
  const { signIn } = useTexts();
  return (
    <div class="banner" role="alert">
      <p>{signIn.ended}</p>
      <button type="button" onClick={onLeave}>
        {signIn.logIn}
      </button>
    </div>
  );
}

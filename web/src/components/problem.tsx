import type { ClientErrorCode } from '../../../src/client/index.ts';
import { useTexts } from '../i18n/language-context.ts';

/** Why something did not work, as a sentence that screen readers say at once. Nothing when it did. */
export function Problem({ code, text }: { code?: ClientErrorCode | undefined; text?: string | undefined }) {
  const { errors } = useTexts();
  const sentence = text ?? (code === undefined ? undefined : errors[code]);
  if (sentence === undefined) return null;
  return (
    <p class="problem" role="alert">
      {sentence}
    </p>
  );
}

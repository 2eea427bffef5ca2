import { type Language, languages, localeOf, textsOf } from '../i18n/language.ts';
import { useTexts } from '../i18n/language-context.ts';

/** The languages of the page, each called by its own name. */
export function LanguageSwitch({
  language,
  onLanguage,
}: {
  language: Language;
  onLanguage(language: Language): void;
}) {
  const { app } = useTexts();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms, and this is none
    <div class="language-switch" role="group" aria-label={app.language}>
      {languages.map((candidate) => (
        <button
          key={candidate}
          type="button"
          lang={localeOf[candidate]}
          aria-pressed={candidate === language}
          onClick={() => onLanguage(candidate)}
        >
          {textsOf[candidate].languageName}
        </button>
      ))}
    </div>
  );
}

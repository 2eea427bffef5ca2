import type { Language } from '../i18n/language.ts';

const key = 'hongbao.language';

/** The language that this visitor chose before; `null` when none was, or none could be kept. */
export function storedLanguage(): string | null {
  try {
    return window.localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps the choice for the next visit, where the browser allows it. */
export function storeLanguage(language: Language): void {
  try {
    window.localStorage.setItem(key, language);
  } catch {
    // The choice then holds until the page is closed.
  }
}

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Texts } from './en.ts';
import { type Language, textsOf } from './language.ts';

/** The language that the page is shown in. */
export const LanguageContext = createContext<Language>('en');

export function useLanguage(): Language {
  return useContext(LanguageContext);
}

/** Every text, in the language that the page is shown in. */
export function useTexts(): Texts {
  return textsOf[useContext(LanguageContext)];
}

import type { Texts } from './en.ts';
import { en } from './en.ts';
import { zh } from './zh.ts';

export type Language = 'en' | 'zh';

export const languages: readonly Language[] = ['zh', 'en'];

/** For `<html lang>` and for `Intl`. */
export const localeOf: Record<Language, string> = { en: 'en', zh: 'zh-CN' };

export const textsOf: Record<Language, Texts> = { en, zh };

/** The language that was chosen before, or else the first that the visitor's browser asks for and the page has. */
export function pickLanguage(chosen: string | null, preferred: readonly string[]): Language {
  for (const tag of chosen === null ? preferred : [chosen, ...preferred]) {
    const primary = tag.toLowerCase().split('-')[0];
    const known = languages.find((language) => language === primary);
    if (known !== undefined) return known;
  }
  return 'en';
}

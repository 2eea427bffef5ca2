import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/domain/error-codes.ts';
import { pickLanguage, textsOf } from '../../web/src/i18n/language.ts';

describe('the language of the page', () => {
  it.each([
    [null, ['zh-CN', 'en'], 'zh'],
    [null, ['en-GB'], 'en'],
    [null, ['fr', 'zh-TW', 'en'], 'zh'],
    [null, ['fr'], 'en'],
    [null, [], 'en'],
    ['en', ['zh-CN'], 'en'],
    ['nonsense', ['zh-CN'], 'zh'],
  ] as const)(
    'after the choice %j and for a browser that asks for %j is %s',
    (chosen, preferred, language) => {
      expect(pickLanguage(chosen, preferred)).toBe(language);
    },
  );

  it.each(['en', 'zh'] as const)(
    'has a sentence of its own for every code of the registry: %s',
    (language) => {
      const { errors } = textsOf[language];
      const sentences = Object.keys(errorCodes).map((code) => errors[code as keyof typeof errorCodes]);
      expect(sentences.filter((sentence) => !/[.。]$/.test(sentence ?? ''))).toEqual([]);
      expect(new Set(sentences).size).toBe(sentences.length);
    },
  );

  it('has nothing in the Chinese texts that was left as it is in English', () => {
    const same = (one: object, other: object): string[] =>
      Object.entries(one).flatMap(([key, value]) => {
        const counterpart: unknown = other[key as keyof typeof other];
        if (typeof value === 'object' && value !== null) return same(value, counterpart as object);
        return typeof value === 'string' && value === counterpart ? [key] : [];
      });
    expect(same(textsOf.zh, textsOf.en)).toEqual([]);
  });
});

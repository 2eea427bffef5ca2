import { describe, expect, it } from 'vitest';
import { normalisePhrase, phraseRefusal } from '../../../src/domain/packet/phrase.ts';

describe('a phrase', () => {
  it.each([
    ['芝麻开门', ' 芝麻开门\n'],
    ['open sesame', 'OPEN   Sesame'],
    ['ＡＢＣ１２３', 'abc123'],
    ['ﬁne', 'fine'],
  ])('%j is %j', (one, other) => {
    expect(normalisePhrase(one)).toBe(normalisePhrase(other));
  });

  it('is not another one', () => {
    expect(normalisePhrase('open sesame')).not.toBe(normalisePhrase('opensesame'));
  });

  it('has 1 to 40 characters, blanks around it not counted', () => {
    expect(phraseRefusal(normalisePhrase(` ${'x'.repeat(40)} `))).toBeUndefined();
    for (const none of ['', '  \t', 'x'.repeat(41)])
      expect(phraseRefusal(normalisePhrase(none))?.code).toBe('phrase-invalid');
  });
});

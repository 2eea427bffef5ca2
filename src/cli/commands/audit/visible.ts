/** What a terminal or a browser would act on instead of showing it: control characters, and marks that turn text round. */
const unseen = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Text of a log, which anybody may have written, as it can be shown: a character that would not be seen by its number. */
export function visible(text: string): string {
  return text.replace(unseen, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

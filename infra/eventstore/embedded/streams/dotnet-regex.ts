/**
 * Regular expressions as .NET has them, in terms of RE2. Sources:
 * https://learn.microsoft.com/en-us/dotnet/standard/base-types/regular-expression-language-quick-reference and
 * https://github.com/google/re2/wiki/Syntax.
 *
 * What differs: .NET's \d, \w and \s know all of Unicode; RE2 has no look-around. A look-ahead right behind the
 * anchor that an expression begins with ("all but these") is a condition of its own on the same text, so it is
 * served as one. `$` is the text's end; word boundaries (\b) know ASCII only.
 */

/** An expression that matches where `pattern` does and every condition is as wanted. */
interface Translation {
  readonly pattern: string;
  readonly conditions: readonly { readonly pattern: string; readonly wanted: boolean }[];
}

interface Refusal {
  readonly refusal: string;
}

/** Translates an expression. What RE2 finds wrong with the result is not found here. */
export function translateDotNetRegex(source: string): Translation | Refusal {
  const tokens: Token[] = [];
  for (let at = 0; at < source.length; ) {
    const token = tokenAt(source, at);
    if ('refusal' in token) return token;
    tokens.push(token);
    at += token.length;
  }
  return withConditions(tokens);
}

interface Token {
  readonly kind: 'open' | 'close' | 'or' | 'anchor' | 'flags' | 'look-ahead' | 'not-ahead' | 'other';
  /** How many characters of the source it is. */
  readonly length: number;
  readonly text: string;
}

const WORD = '\\p{L}\\p{Mn}\\p{Nd}\\p{Pc}';
const NOT_WORD = '\\p{Mc}\\p{Me}\\p{Nl}\\p{No}\\p{Pd}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Po}\\p{S}\\p{Z}\\p{C}';
const SPACE = '\\s\\x{b}\\x{85}\\p{Z}';

/** Escapes that mean a set, outside of brackets and inside. */
const sets: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['d', ['\\p{Nd}', '\\p{Nd}']],
  ['D', ['\\P{Nd}', '\\P{Nd}']],
  ['w', [`[${WORD}]`, WORD]],
  ['W', [`[^${WORD}]`, NOT_WORD]],
  ['s', [`[${SPACE}]`, SPACE]],
  ['S', [`[^${SPACE}]`, '\\S']],
]);

const assertions: ReadonlyMap<string, string> = new Map([
  ['A', '\\A'],
  ['z', '\\z'],
  ['Z', '\\z'],
  ['b', '\\b'],
  ['B', '\\B'],
]);

function tokenAt(source: string, at: number): Token | Refusal {
  const character = source.charAt(at);
  switch (character) {
    case '(':
      return groupAt(source, at);
    case ')':
      return { kind: 'close', length: 1, text: ')' };
    case '|':
      return { kind: 'or', length: 1, text: '|' };
    case '^':
      return { kind: 'anchor', length: 1, text: '^' };
    case '[':
      return bracketsAt(source, at);
    case '\\': {
      const name = source.charAt(at + 1);
      const assertion = assertions.get(name);
      if (assertion !== undefined)
        return { kind: name === 'A' ? 'anchor' : 'other', length: 2, text: assertion };
      return escapeAt(source, at, 0);
    }
    default:
      return { kind: 'other', length: 1, text: character };
  }
}

/** What begins with a parenthesis. Captured groups are of no use here, so names are dropped. */
function groupAt(source: string, at: number): Token | Refusal {
  if (source.charAt(at + 1) !== '?') return { kind: 'open', length: 1, text: '(?:' };
  const [head] = /^\(\?(?::|=|!|<[A-Za-z_]\w*>|[ims-]+[:)])/.exec(source.slice(at, at + 80)) ?? [];
  if (head === undefined) return { refusal: `no group begins like ${source.slice(at, at + 4)} here` };
  const length = head.length;
  if (head === '(?=') return { kind: 'look-ahead', length, text: '(?:' };
  if (head === '(?!') return { kind: 'not-ahead', length, text: '(?:' };
  if (head.endsWith(')')) return { kind: 'flags', length, text: head };
  return { kind: 'open', length, text: head.endsWith('>') ? '(?:' : head };
}

function bracketsAt(source: string, start: number): Token | Refusal {
  let at = start + 1;
  let text = '[';
  if (source.charAt(at) === '^') {
    text += '^';
    at++;
  }
  for (let first = true; at < source.length; first = false) {
    const character = source.charAt(at);
    if (character === ']' && !first) return { kind: 'other', length: at + 1 - start, text: `${text}]` };
    if (character === '-' && source.charAt(at + 1) === '[' && !first) {
      return { refusal: 'brackets cannot be subtracted from each other' };
    }
    if (character === '\\') {
      const escaped = source.charAt(at + 1) === 'b' ? BACKSPACE : escapeAt(source, at, 1);
      if ('refusal' in escaped) return escaped;
      text += escaped.text;
      at += escaped.length;
    } else {
      text += character === '[' ? '\\[' : character;
      at++;
    }
  }
  return { refusal: 'brackets are not closed' };
}

const BACKSPACE: Token = { kind: 'other', length: 2, text: '\\x08' };

/** A backslash and what it escapes; `place` is 0 outside of brackets and 1 inside. */
function escapeAt(source: string, at: number, place: 0 | 1): Token | Refusal {
  const name = source.charAt(at + 1);
  const set = sets.get(name);
  if (set !== undefined) return { kind: 'other', length: 2, text: set[place] };
  if ('tnrfva'.includes(name) && name !== '') return { kind: 'other', length: 2, text: `\\${name}` };
  if (name === 'e') return { kind: 'other', length: 2, text: '\\x1b' };
  const [, code] = /^\\(?:x([0-9a-fA-F]{2})|u[0-9a-fA-F]{4})/.exec(source.slice(at, at + 6)) ?? [];
  if (code !== undefined) return { kind: 'other', length: 4, text: `\\x${code}` };
  const [unicode] = /^\\u[0-9a-fA-F]{4}/.exec(source.slice(at, at + 6)) ?? [];
  if (unicode !== undefined) return { kind: 'other', length: 6, text: `\\x{${unicode.slice(2)}}` };
  const [property] = /^\\[pP]\{\w{1,32}\}/.exec(source.slice(at, at + 40)) ?? [];
  if (property !== undefined) return { kind: 'other', length: property.length, text: property };
  if (name === '' || /[0-9A-Za-z]/.test(name)) return { refusal: `\\${name} is not served` };
  // Only ASCII characters mean something unescaped.
  return { kind: 'other', length: 2, text: name > '\x7f' || name === '_' ? name : `\\${name}` };
}

/** Takes the look-aheads behind a leading anchor out, as conditions. */
function withConditions(tokens: readonly Token[]): Translation | Refusal {
  const leadingFlags = tokens.findIndex((token) => token.kind !== 'flags');
  const flags = textOf(tokens.slice(0, Math.max(leadingFlags, 0)));
  const conditions: { pattern: string; wanted: boolean }[] = [];
  let rest = tokens.slice(Math.max(leadingFlags, 0));
  const [anchor, ahead] = rest;
  const isLook = (token: Token | undefined): boolean =>
    token?.kind === 'look-ahead' || token?.kind === 'not-ahead';
  if (anchor?.kind === 'anchor' && isLook(ahead)) {
    if (flags.includes('m')) return { refusal: LOOK_AROUND };
    rest = rest.slice(1);
    for (let [look] = rest; look !== undefined && isLook(look); [look] = rest) {
      const end = closing(rest);
      if (end < 0) return { refusal: 'a group is not closed' };
      const inner = rest.slice(1, end);
      if (inner.some(isLook)) return { refusal: LOOK_AROUND };
      conditions.push({
        pattern: `${flags}\\A(?:${textOf(inner)})`,
        wanted: look.kind === 'look-ahead',
      });
      rest = rest.slice(end + 1);
    }
    if (hasAlternatives(rest) || /^[*+?{]/.test(rest[0]?.text ?? '')) return { refusal: LOOK_AROUND };
    rest = [anchor, ...rest];
  }
  if (rest.some(isLook)) return { refusal: LOOK_AROUND };
  return { pattern: flags + textOf(rest), conditions };
}

const LOOK_AROUND = 'a look-around is served only right behind the anchor that an expression begins with';

const textOf = (tokens: readonly Token[]): string => tokens.map((token) => token.text).join('');

/** The index of the token that closes the group of the first one, -1 when none does. */
function closing(tokens: readonly Token[]): number {
  let depth = 0;
  return tokens.findIndex((token) => {
    depth += depthStep(token);
    return depth === 0;
  });
}

/** Whether the anchor before these tokens holds for only some of them. */
function hasAlternatives(tokens: readonly Token[]): boolean {
  let depth = 0;
  return tokens.some((token) => {
    depth += depthStep(token);
    return depth === 0 && token.kind === 'or';
  });
}

function depthStep({ kind }: Token): number {
  if (kind === 'close') return -1;
  return kind === 'open' || kind === 'look-ahead' || kind === 'not-ahead' ? 1 : 0;
}

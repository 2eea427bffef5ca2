import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBasicCredentials } from '../../../../../infra/eventstore/embedded/access/basic-credentials.ts';

const header = (text: string | Buffer): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('a Basic header', () => {
  test.each([
    ['a login and a password', header('admin:changeit'), { login: 'admin', password: 'changeit' }],
    ['colons in the password', header('a:b:c:'), { login: 'a', password: 'b:c:' }],
    ['no password', header('a:'), { login: 'a', password: '' }],
    ['other scripts', header('张三:пароль'), { login: '张三', password: 'пароль' }],
    ['the scheme in capitals', 'BASIC YTpi', { login: 'a', password: 'b' }],
    ['more than one space', 'Basic   YTpi', { login: 'a', password: 'b' }],
    ['no padding', 'Basic YTpiYg', { login: 'a', password: 'bb' }],
  ])('with %s is read', (_, text, credentials) => {
    expect(parseBasicCredentials(text)).toEqual(credentials);
  });

  test.each([
    ['is empty', ''],
    ['has another scheme', 'Bearer YTpi'],
    ['has no credentials', 'Basic '],
    ['has no colon', header('admin')],
    ['has no login', header(':changeit')],
    ['is no base64', 'Basic a!b@'],
    ['has something behind the credentials', 'Basic YTpi YTpi'],
    ['is no UTF-8', header(Buffer.from([0x61, 0x3a, 0xc3, 0x28]))],
    ['has a login that is too long', header(`${'x'.repeat(257)}:b`)],
    ['has a password that is too long', header(`a:${'x'.repeat(1_025)}`)],
    ['is huge', header(`a:${'x'.repeat(1_000_000)}`)],
  ])('that %s is none', (_, text) => {
    expect(parseBasicCredentials(text)).toBeUndefined();
  });

  test('is read or refused, whatever it says', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String().map((text) => `Basic ${text}`),
        ),
        (text) => {
          const credentials = parseBasicCredentials(text);
          if (credentials === undefined) return;
          expect(credentials.login).not.toBe('');
          expect(credentials.login).not.toContain(':');
        },
      ),
    );
  });
});

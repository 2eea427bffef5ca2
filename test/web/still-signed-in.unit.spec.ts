import { describe, expect, it } from 'vitest';
import { ClientError, type ClientErrorCode } from '../../src/client/index.ts';
import { stillSignedIn } from '../../web/src/session/still-signed-in.ts';
import { me } from './messages.ts';

const user = { userId: me, username: 'alice', nickname: 'Alice' };

function client(outcome: { code: ClientErrorCode; temporary: boolean } | 'answers', isStored = true) {
  return {
    resume: () => isStored,
    async me() {
      if (outcome !== 'answers') throw new ClientError({ ...outcome, message: '' });
      return { user, deviceId: 'device' as never };
    },
  };
}

describe('after a reload of the page', () => {
  it('whoever was signed in still is', async () => {
    expect(await stillSignedIn(client('answers'))).toEqual({ kind: 'user', user });
    expect(await stillSignedIn(client('answers', false))).toEqual({ kind: 'nobody' });
  });

  it.each(['network', 'unavailable', 'rate-limited'] as const)(
    'a server that cannot say it now (%s) signs nobody out',
    async (code) => {
      expect(await stillSignedIn(client({ code, temporary: true }))).toEqual({ kind: 'unknown', code });
    },
  );

  it('a session that the server refuses is over', async () => {
    const refused = client({ code: 'unauthenticated', temporary: false });
    expect(await stillSignedIn(refused)).toEqual({ kind: 'nobody' });
  });
});

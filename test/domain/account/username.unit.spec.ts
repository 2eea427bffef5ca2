import { describe, it } from 'vitest';
import type { UsernameCommand } from '../../../src/domain/account/account-commands.ts';
import type { UsernameEvent } from '../../../src/domain/account/account-events.ts';
import { usernameDecider } from '../../../src/domain/account/username-decider.ts';
import type { UserId } from '../../../src/domain/ids.ts';
import { alice, bob, sealed } from '../../support/domain-fixtures.ts';
import { specification } from '../../support/given-when-then.ts';

const username = sealed('alice');
const nickname = sealed('Alice');
const claim = (userId: UserId): UsernameCommand => ({ type: 'ClaimUsername', userId, username, nickname });
const release = (userId: UserId): UsernameCommand => ({ type: 'ReleaseUsername', userId });
const claimed = (userId: UserId): UsernameEvent => ({
  type: 'UsernameClaimed',
  data: { userId, username, nickname },
});
const released = (userId: UserId): UsernameEvent => ({ type: 'UsernameReleased', data: { userId } });
const name = specification(usernameDecider);

describe('a user name', () => {
  it('is claimed by whoever comes first', () => {
    name
      .when(claim(alice))
      .then([claimed(alice)])
      .when(claim(bob))
      .thenRejected('username-taken');
  });

  it('may be claimed again by its holder, to no effect', () => {
    name
      .given([claimed(alice)])
      .when(claim(alice))
      .thenNothing();
  });

  it('is free for another after its release', () => {
    name
      .given([claimed(alice)])
      .when(release(alice))
      .then([released(alice)])
      .when(claim(bob))
      .then([claimed(bob)]);
  });

  it('is released by its holder only', () => {
    name
      .given([claimed(alice)])
      .when(release(bob))
      .thenRejected('forbidden');
  });

  it('is released without effect when nobody holds it', () => {
    name
      .given([claimed(alice), released(alice)])
      .when(release(alice))
      .thenNothing();
  });
});

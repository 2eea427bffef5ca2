import { accountDecider } from '../domain/account/account-decider.ts';
import { usernameDecider } from '../domain/account/username-decider.ts';
import { conversationDecider } from '../domain/conversation/conversation-decider.ts';
import { friendshipDecider } from '../domain/friendship/friendship-decider.ts';
import { groupDecider } from '../domain/group/group-decider.ts';
import { packetDecider } from '../domain/packet/packet-decider.ts';
import { walletDecider } from '../domain/wallet/wallet-decider.ts';
import type { CacheBounds } from './aggregate-cache.ts';
import { AggregateCache } from './aggregate-cache.ts';
import { AggregateRepository } from './aggregate-repository.ts';
import type { MailboxScope } from './mailbox-scope.ts';

/** Every kind of aggregate, behind its mailboxes, and with one budget of memory for all of them. */
export type Aggregates = ReturnType<typeof createAggregates>;

export function createAggregates(scope: MailboxScope, bounds: CacheBounds) {
  const cache = new AggregateCache(scope.runtime.clock, bounds);
  return {
    username: new AggregateRepository(usernameDecider, scope, cache),
    account: new AggregateRepository(accountDecider, scope, cache),
    friendship: new AggregateRepository(friendshipDecider, scope, cache),
    group: new AggregateRepository(groupDecider, scope, cache),
    conversation: new AggregateRepository(conversationDecider, scope, cache),
    wallet: new AggregateRepository(walletDecider, scope, cache),
    packet: new AggregateRepository(packetDecider, scope, cache),
  };
}

import { accountDecider } from '../domain/account/account-decider.ts';
import { usernameDecider } from '../domain/account/username-decider.ts';
import { conversationDecider } from '../domain/conversation/conversation-decider.ts';
import { friendshipDecider } from '../domain/friendship/friendship-decider.ts';
import { groupDecider } from '../domain/group/group-decider.ts';
import { packetDecider } from '../domain/packet/packet-decider.ts';
import { walletDecider } from '../domain/wallet/wallet-decider.ts';
import type { CacheBounds } from './aggregate-repository.ts';
import { AggregateRepository } from './aggregate-repository.ts';
import type { MailboxScope } from './mailbox-scope.ts';

/** Every kind of aggregate, behind its mailboxes. */
export type Aggregates = ReturnType<typeof createAggregates>;

export function createAggregates(scope: MailboxScope, bounds: CacheBounds) {
  return {
    username: new AggregateRepository(usernameDecider, scope, bounds),
    account: new AggregateRepository(accountDecider, scope, bounds),
    friendship: new AggregateRepository(friendshipDecider, scope, bounds),
    group: new AggregateRepository(groupDecider, scope, bounds),
    conversation: new AggregateRepository(conversationDecider, scope, bounds),
    wallet: new AggregateRepository(walletDecider, scope, bounds),
    packet: new AggregateRepository(packetDecider, scope, bounds),
  };
}

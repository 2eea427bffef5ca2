import type { UsernameEvent } from '../../domain/account/account-events.ts';
import type { FriendshipEvent } from '../../domain/friendship/friendship-events.ts';
import type { GroupEvent } from '../../domain/group/group-events.ts';
import type { PacketEvent } from '../../domain/packet/packet-events.ts';
import type { WalletEvent } from '../../domain/wallet/wallet-events.ts';
import type { LeaseStore } from '../../runtime/leases.ts';
import type { RecordedEvent } from '../event-log.ts';
import { eventOf } from '../loaded-aggregate.ts';
import type { WriteScope } from '../write-scope.ts';
import type { FollowerBounds, FollowerOptions } from './follower.ts';
import { Follower, StepUnfinished } from './follower.ts';
import type { FollowerCheckpoints } from './follower-checkpoints.ts';
import { postNotice } from './notices.ts';
import { finishRegistration } from './register-account.ts';
import { finishSend } from './send-packet.ts';
import { settle } from './settle.ts';

export interface ProcessManagersOptions {
  readonly scope: WriteScope;
  readonly epoch: string;
  readonly checkpoints: FollowerCheckpoints;
  readonly leases: LeaseStore;
  readonly bounds: FollowerBounds & { readonly recoveryAfterMs: number };
}

type EventType = (UsernameEvent | WalletEvent | PacketEvent | FriendshipEvent | GroupEvent)['type'];

/** Everything that joins streams after the fact, each following the log on its own. Not started yet. */
export function createProcessManagers(options: ProcessManagersOptions): readonly Follower[] {
  const { scope, bounds } = options;
  const holder = scope.runtime.ids.next();
  const follower = (
    name: string,
    types: readonly EventType[],
    chosen: Pick<FollowerOptions, 'streamPrefixes' | 'handle' | 'patienceMs'>,
  ): Follower => {
    const concerned: ReadonlySet<string> = new Set(types);
    return new Follower({
      ...options,
      ...chosen,
      name,
      holder,
      concerns: ({ type }) => concerned.has(type),
      eventLog: scope.eventLog,
      runtime: scope.runtime,
      logger: scope.logger,
    });
  };

  return [
    follower('register', ['UsernameClaimed'], {
      streamPrefixes: ['username-'],
      patienceMs: bounds.recoveryAfterMs,
      handle: (event) => recoverRegistration(scope, event),
    }),
    follower('send', ['PacketFunded'], {
      streamPrefixes: ['wallet-'],
      patienceMs: bounds.recoveryAfterMs,
      handle: (event) => recoverSend(scope, event),
    }),
    follower('settle', ['PacketGrabbed', 'PacketRefunded', 'PacketCancelled'], {
      streamPrefixes: ['packet-'],
      patienceMs: 0,
      handle: (event) => settle(scope, event),
    }),
    follower(
      'notices',
      [
        'FriendAccepted',
        'GroupCreated',
        'MemberJoined',
        'MemberLeft',
        'MemberRemoved',
        'GroupRenamed',
        'GroupDissolved',
      ],
      {
        streamPrefixes: ['friendship-', 'group-'],
        patienceMs: 0,
        handle: (event) => postNotice(scope, event),
      },
    ),
  ];
}

async function recoverRegistration(scope: WriteScope, recorded: RecordedEvent): Promise<void> {
  const event = eventOf<UsernameEvent>(recorded);
  if (event.type !== 'UsernameClaimed') return;
  const correlationId = recorded.metadata.$correlationId;
  await finishRegistration(scope, { ...event.data, correlationId, causationId: recorded.id });
}

async function recoverSend(scope: WriteScope, recorded: RecordedEvent): Promise<void> {
  const event = eventOf<WalletEvent>(recorded);
  if (event.type !== 'PacketFunded') return;
  const { terms, clientMsgId } = event.data;
  const result = await finishSend(scope, {
    terms,
    clientMsgId,
    correlationId: recorded.metadata.$correlationId,
    causationId: recorded.id,
    fundedAt: recorded.position,
  });
  if (result.kind === 'unfinished') throw new StepUnfinished(`packet ${terms.packetId}`, result.cause);
}

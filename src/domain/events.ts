import type { AccountEvent, UsernameEvent } from './account/account-events.ts';
import type { ConversationEvent } from './conversation/conversation-events.ts';
import type { FriendshipEvent } from './friendship/friendship-events.ts';
import type { GroupEvent } from './group/group-events.ts';
import type { LogEpochEvent } from './log-epoch.ts';
import type { PacketEvent } from './packet/packet-events.ts';
import type { ProjectionEvent } from './projection-skips.ts';
import type { ReceiptsEvent } from './receipts/receipts-events.ts';
import type { WalletEvent } from './wallet/wallet-events.ts';

/** What every event carries beside its data. Kept small: it is written with every event, for ever. */
export interface EventMetadata {
  /** The same for everything that one request of a user set off. */
  readonly $correlationId: string;
  /** The id of the command or event that directly caused this one. */
  readonly $causationId: string;
  /** The user who did it, or `system:<part>`. */
  readonly actor: string;
  /** The command that this event answers; one command may have several events. */
  readonly commandId: string;
  /** SHA-256 (hex) of the command's canonical body: the same id with another body is an error. */
  readonly bodyHash: string;
  /** When it was decided, ms since the epoch; never before the stream's previous event. */
  readonly timeMs: number;
  /** The version of `data`'s shape. Older ones are upcast on read. */
  readonly schemaVersion: number;
}

/** Every event there is, in its newest shape. */
export type DomainEvent =
  | UsernameEvent
  | AccountEvent
  | FriendshipEvent
  | GroupEvent
  | ConversationEvent
  | ReceiptsEvent
  | WalletEvent
  | PacketEvent
  | LogEpochEvent
  | ProjectionEvent;

export type DomainEventType = DomainEvent['type'];
export type EventOfType<Type extends DomainEventType> = Extract<DomainEvent, { readonly type: Type }>;

import type { DomainEvent, DomainEventType } from './events.ts';

/** Turns the data of one version into that of the next. */
type Upcaster = (data: unknown) => unknown;

/** Version 2 of a packet's terms: before it, no packet had a cover of its own or asked for a phrase. */
const plainLook: Upcaster = (data) => ({ ...(data as object), cover: 'classic', phrase: null });
const withTerms =
  (upcaster: Upcaster): Upcaster =>
  (data) => ({ ...(data as object), terms: upcaster((data as { readonly terms: unknown }).terms) });

/**
 * For every event type its upcasters, oldest first: the one at index i turns version i + 1 into i + 2. So a
 * type's newest version is one more than it has upcasters. To change an event's shape: change its type, add an
 * upcaster here, add a golden file of the new version; the old golden files stay, for ever.
 */
const upcasters: { readonly [Type in DomainEventType]: readonly Upcaster[] } = {
  UsernameClaimed: [],
  UsernameReleased: [],
  AccountRegistered: [],
  ProfileChanged: [],
  PasswordChanged: [],
  PaymentPinSet: [],
  DeviceAdded: [],
  DeviceRevoked: [],
  AccountFrozen: [],
  AccountUnfrozen: [],
  AccountClosed: [],
  FriendRequested: [],
  FriendAccepted: [],
  FriendDeclined: [],
  FriendRemoved: [],
  UserBlocked: [],
  UserUnblocked: [],
  RemarkSet: [],
  GroupCreated: [],
  MemberJoined: [],
  MemberLeft: [],
  MemberRemoved: [],
  RoleChanged: [],
  OwnershipTransferred: [],
  MemberMuted: [],
  GroupRenamed: [],
  AnnouncementSet: [],
  JoinPolicyChanged: [],
  GroupDissolved: [],
  MessageSent: [],
  MessageRecalled: [],
  NoticePosted: [],
  ReceiptsAdvanced: [],
  WalletOpened: [],
  FundsDeposited: [],
  FundsWithdrawn: [],
  PacketFunded: [withTerms(plainLook)],
  GrabCredited: [],
  RefundCredited: [],
  PacketSent: [plainLook],
  PacketGrabbed: [],
  PacketThanked: [],
  PacketExhausted: [],
  PacketRefunded: [],
  PacketCancelled: [],
  EpochBegun: [],
  EventSkipped: [],
  SkipUndone: [],
};

/** The log holds an event that this version of the program does not know: a newer one wrote it, or a stranger. */
export class UnknownEvent extends Error {
  override readonly name = 'UnknownEvent';
  readonly type: string;
  readonly schemaVersion: number;

  constructor(type: string, schemaVersion: number) {
    super(
      `Event ${type} of schema version ${schemaVersion} is not known here: was it written by a newer version?`,
    );
    this.type = type;
    this.schemaVersion = schemaVersion;
  }
}

/** All event types there are. */
export const domainEventTypes = Object.keys(upcasters) as readonly DomainEventType[];

/** The version in which events of this type are written now. */
export function schemaVersionOf(type: DomainEventType): number {
  return upcasters[type].length + 1;
}

/**
 * An event as it was written, in its newest shape: everything but this function sees that one only. The data
 * is taken as what the writer, which was this program, says that it is. Throws `UnknownEvent`.
 */
export function upcast(type: string, schemaVersion: number, data: unknown): DomainEvent {
  if (!isDomainEventType(type)) throw new UnknownEvent(type, schemaVersion);
  const isKnown =
    Number.isSafeInteger(schemaVersion) && schemaVersion >= 1 && schemaVersion <= schemaVersionOf(type);
  if (!isKnown) throw new UnknownEvent(type, schemaVersion);
  const newest = upcasters[type].slice(schemaVersion - 1).reduce((older, next) => next(older), data);
  return { type, data: newest } as DomainEvent;
}

function isDomainEventType(type: string): type is DomainEventType {
  return Object.hasOwn(upcasters, type);
}

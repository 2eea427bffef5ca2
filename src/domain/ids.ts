import type { Brand } from './brand.ts';

/** Ids are UUIDv7 (sortable by creation time) unless noted. */
export type UserId = Brand<string, 'UserId'>;
export type DeviceId = Brand<string, 'DeviceId'>;
export type GroupId = Brand<string, 'GroupId'>;
export type PacketId = Brand<string, 'PacketId'>;
/** Chosen by the client, unique per sender and conversation. */
export type ClientMessageId = Brand<string, 'ClientMessageId'>;
/** `direct:{a}~{b}` (user ids sorted) or `group:{groupId}`. */
export type ConversationId = Brand<string, 'ConversationId'>;

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether `text` is a UUID in the one spelling that ids have here (lower case, hyphens). */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

/** A two-person conversation's id: the same whichever of the two asks. */
export function directConversationId(one: UserId, other: UserId): ConversationId {
  return `direct:${pairKey(one, other)}` as ConversationId;
}

/** The conversation of a group. */
export function groupConversationId(groupId: GroupId): ConversationId {
  return `group:${groupId}` as ConversationId;
}

/** The key of an unordered pair of users. */
export function pairKey(one: UserId, other: UserId): string {
  return one < other ? `${one}~${other}` : `${other}~${one}`;
}

export type ConversationParties =
  | { readonly kind: 'direct'; readonly users: readonly [UserId, UserId] }
  | { readonly kind: 'group'; readonly groupId: GroupId };

/** What a conversation id says about who takes part; `undefined` when it is not a conversation id. */
export function parseConversationId(id: string): ConversationParties | undefined {
  const separator = id.indexOf(':');
  const kind = id.slice(0, separator);
  const rest = id.slice(separator + 1);
  if (kind === 'group') return isUuid(rest) ? { kind, groupId: rest as GroupId } : undefined;
  if (kind !== 'direct') return undefined;
  const [a, b, ...more] = rest.split('~');
  if (a === undefined || b === undefined || more.length > 0) return undefined;
  if (!isUuid(a) || !isUuid(b) || a >= b) return undefined;
  return { kind, users: [a as UserId, b as UserId] };
}

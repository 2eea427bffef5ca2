import type { RecordedEvent } from '../../commands/event-log.ts';
import { fieldOf } from './field-of.ts';

/**
 * Whether an event concerns a user: they did it, it stands in a stream of theirs, or its data names them, in
 * whatever part and also as one of the two of a conversation. What others write in a group does not.
 */
export function concernsUser(event: RecordedEvent, userId: string): boolean {
  return event.metadata.actor === userId || namesUser(event.stream, userId) || hasUserIn(event.data, userId);
}

function hasUserIn(value: unknown, userId: string): boolean {
  if (typeof value === 'string') return namesUser(value, userId);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  return Object.values(value).some((part) => hasUserIn(part, userId));
}

/** The id itself, a stream of it, or the id of a conversation or friendship of two: `direct:{a}~{b}`. */
function namesUser(text: string, userId: string): boolean {
  if (!text.endsWith(userId)) return text.includes(`-${userId}~`) || text.includes(`:${userId}~`);
  const before = text.charAt(text.length - userId.length - 1);
  return before === '' || before === '-' || before === '~';
}

/**
 * Finds the events that concern a packet: its own stream, the wallet entries that name it (also one in a wallet
 * where it should not be), the messages that bring it into a conversation, and what recalls those. To be asked
 * about every event in order, since a recall names its message by number only.
 */
export function packetConcern(packetId: string): (event: RecordedEvent) => boolean {
  const recallable = new Set<string>();
  return ({ stream, type, revision, data }) => {
    if (stream === `packet-${packetId}`) return true;
    if (stream.startsWith('wallet-')) return isPacketNamed(data, packetId);
    if (!stream.startsWith('conversation-')) return false;
    if (type === 'MessageRecalled') return recallable.has(`${stream} ${fieldOf(data, 'seq')}`);
    if (fieldOf(data, 'packetId') !== packetId) return false;
    recallable.add(`${stream} ${revision + 1}`);
    return true;
  };
}

/** The streams that may hold what concerns a packet, as prefixes. */
export function packetPrefixes(packetId: string): readonly string[] {
  return [`packet-${packetId}`, 'wallet-', 'conversation-'];
}

function isPacketNamed(data: unknown, packetId: string): boolean {
  return fieldOf(data, 'packetId') === packetId || fieldOf(fieldOf(data, 'terms'), 'packetId') === packetId;
}

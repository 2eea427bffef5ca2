import { Type } from 'typebox';
import type { ClientMessageId, ConversationId, DeviceId, GroupId, PacketId, UserId } from '../domain/ids.ts';
import { type PacketCover, packetCovers } from '../domain/packet/packet-terms.ts';
import { bounds } from './bounds.ts';

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const uuidString = (description: string) => Type.String({ pattern: `^${uuid}$`, description });

export const UserIdSchema = Type.Unsafe<UserId>(uuidString('A user'));
export const DeviceIdSchema = Type.Unsafe<DeviceId>(uuidString('A device of a user'));
export const GroupIdSchema = Type.Unsafe<GroupId>(uuidString('A group'));
export const PacketIdSchema = Type.Unsafe<PacketId>(uuidString('A packet'));
export const PacketCoverSchema = Type.Unsafe<PacketCover>(
  Type.Union(packetCovers.map((cover) => Type.Literal(cover))),
);
export const CommandIdSchema = uuidString('Made by the client, fresh for each command, kept over retries');

export const ConversationIdSchema = Type.Unsafe<ConversationId>(
  Type.String({
    pattern: `^(direct:${uuid}~${uuid}|group:${uuid})$`,
    description: '`direct:{a}~{b}` (user ids sorted) or `group:{groupId}`',
  }),
);

/**
 * Text that is kept as it came and not sealed: neither U+0000 nor half a surrogate pair, which databases and other
 * programs do not take. The pattern means the same with and without the `u` flag.
 */
const plainText = (maxLength: number, description: string) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^(?:[^\\u0000\\ud800-\\udfff]|[\\ud800-\\udbff][\\udc00-\\udfff])*$',
    description,
  });

export const ClientMsgIdSchema = Type.Unsafe<ClientMessageId>(
  plainText(
    bounds.clientMsgIdChars,
    'Made by the client; the same one in the same conversation is the same message',
  ),
);
export const ProviderRefSchema = plainText(
  bounds.providerRefChars,
  'The payment provider’s name for the transfer; the same one is the same transfer',
);

/** A conversation's sequence number; the first message has 1. */
export const SeqSchema = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
/** A seq or 0 for "nothing yet". */
export const CursorSeqSchema = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const TimeMsSchema = Type.Integer({ minimum: 0, description: 'Milliseconds since the Unix epoch' });
export const SecondSchema = Type.Integer({ minimum: 0, description: 'Seconds since the Unix epoch' });
/** An amount that the server states. */
export const FenSchema = Type.Integer({ minimum: 0, description: 'Whole fen (1/100 yuan)' });

/** A place in the log, as a decimal: larger than what a JSON number can hold. */
export const PositionSchema = Type.String({
  pattern: `^[0-9]{1,${bounds.positionChars}}$`,
  description: 'A position in the log; hand it to a read as `after_position` to see your own write',
});

/** A string or `null`; `null` where the text was never set, or its owner's key was destroyed. */
export const NullableTextSchema = Type.Union([Type.String(), Type.Null()]);

export const text = (maxLength: number, minLength = 0) => Type.String({ minLength, maxLength });
/** An object without properties beyond those named. */
export const strict = { additionalProperties: false } as const;

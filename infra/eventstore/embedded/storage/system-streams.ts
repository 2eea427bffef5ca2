/**
 * The streams whose names mean something. Names and rules are EventStoreDB's:
 * https://docs.kurrent.io/server/v23.10/streams.html#system-streams-and-events and
 * https://docs.kurrent.io/server/v23.10/projections.html#system-projections.
 */

/** The type of an event that stands for another one; its data is `revision@stream`. */
export const LINK_TYPE = '$>';
/** The type of the events of metadata streams. */
export const METADATA_TYPE = '$metadata';
/** The type of the event that ends a stream for good. */
export const TOMBSTONE_TYPE = '$streamDeleted';

const CATEGORY_PREFIX = '$ce-';
const EVENT_TYPE_PREFIX = '$et-';
const METADATA_PREFIX = '$$';

export const isSystemStream = (stream: string): boolean => stream.startsWith('$');

export const isMetastream = (stream: string): boolean => stream.startsWith(METADATA_PREFIX);

/** The stream that holds a stream's metadata. */
export const metastreamOf = (stream: string): string => METADATA_PREFIX + stream;

/** The stream that a metadata stream is about. */
export const originalOf = (metastream: string): string => metastream.slice(METADATA_PREFIX.length);

/** Whether the node itself keeps this stream: its events are links, and nobody may write to it. */
export const isLinkStream = (stream: string): boolean =>
  stream.startsWith(CATEGORY_PREFIX) || stream.startsWith(EVENT_TYPE_PREFIX);

/**
 * The node's own streams that get a link to an event: one for its stream's category (what stands before the
 * first hyphen), one for its type. Events of system streams and links get none.
 */
export function linkStreamsFor(stream: string, type: string): readonly string[] {
  if (isSystemStream(stream) || type === LINK_TYPE) return [];
  const hyphen = stream.indexOf('-');
  const byType = EVENT_TYPE_PREFIX + type;
  return hyphen > 0 ? [CATEGORY_PREFIX + stream.slice(0, hyphen), byType] : [byType];
}

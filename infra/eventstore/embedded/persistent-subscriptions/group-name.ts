import { isMetastream, originalOf } from '../storage/system-streams.ts';

/** Which group: what it reads, and its name there. */
export interface GroupName {
  /** Undefined: the whole log. */
  readonly stream: string | undefined;
  readonly group: string;
}

/** How the protocol and the names of streams call the whole log. */
export const ALL_STREAM = '$all';

/** Where the configuration of all groups is. */
export const CONFIG_STREAM = '$persistentSubscriptionConfig';

/** The prefix of the streams in which groups of the whole log keep what is theirs. */
const OWN_STREAMS_OF_ALL = `$persistentsubscription-${ALL_STREAM}::`;

export const sourceName = ({ stream }: Pick<GroupName, 'stream'>): string => stream ?? ALL_STREAM;

/** Unique among groups, and the id that clients get of a subscription. */
export const groupKey = (name: GroupName): string => `${sourceName(name)}::${name.group}`;

export const checkpointStreamOf = (name: GroupName): string =>
  `$persistentsubscription-${groupKey(name)}-checkpoint`;

export const parkedStreamOf = (name: GroupName): string => `$persistentsubscription-${groupKey(name)}-parked`;

/**
 * Whether groups of the whole log write this stream, or the stream it is the metadata of, themselves. A group that
 * got its own checkpoints would make progress by writing them, and would never come to rest.
 */
export function isOwnStreamOfAll(stream: string): boolean {
  const original = isMetastream(stream) ? originalOf(stream) : stream;
  return original === CONFIG_STREAM || original.startsWith(OWN_STREAMS_OF_ALL);
}

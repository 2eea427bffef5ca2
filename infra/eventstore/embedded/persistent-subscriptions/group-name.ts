/** Which group: what it reads, and its name there. */
export interface GroupName {
  /** Undefined: the whole log. */
  readonly stream: string | undefined;
  readonly group: string;
}

/** How the protocol and the names of streams call the whole log. */
export const ALL_STREAM = '$all';

/** The prefix of the streams in which groups of the whole log keep what they must not deliver to themselves. */
const OWN_STREAMS_OF_ALL = `$persistentsubscription-${ALL_STREAM}::`;

export const sourceName = ({ stream }: Pick<GroupName, 'stream'>): string => stream ?? ALL_STREAM;

/** Unique among groups, and the id that clients get of a subscription. */
export const groupKey = (name: GroupName): string => `${sourceName(name)}::${name.group}`;

export const checkpointStreamOf = (name: GroupName): string =>
  `$persistentsubscription-${groupKey(name)}-checkpoint`;

export const parkedStreamOf = (name: GroupName): string => `$persistentsubscription-${groupKey(name)}-parked`;

/**
 * Whether a stream, or the stream it is the metadata of, belongs to a group of the whole log. Such a group would
 * make progress by writing its own checkpoint, and would never come to rest.
 */
export const isOwnStreamOfAll = (stream: string): boolean =>
  stream.startsWith(OWN_STREAMS_OF_ALL) || stream.startsWith(`$$${OWN_STREAMS_OF_ALL}`);

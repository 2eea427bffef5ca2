/**
 * What a stream's metadata asks of those who read it. Source:
 * https://docs.kurrent.io/server/v23.10/streams.html#metadata-and-reserved-names.
 */

/** Who may do what to a stream: names of users or groups, as metadata has them. Undefined: the default. */
export interface StreamAcl {
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  readonly delete?: readonly string[];
  readonly metaRead?: readonly string[];
  readonly metaWrite?: readonly string[];
}

export interface StreamMetadata {
  /** Events older than this are not shown. */
  readonly maxAgeSeconds?: number;
  /** Only so many of the newest events are shown. */
  readonly maxCount?: number;
  /** Events below this revision are not shown. `SOFT_DELETED`: the stream is deleted, and may be begun again. */
  readonly truncateBefore?: number;
  readonly acl?: StreamAcl;
}

/** `$tb` of a stream that was deleted softly: the greatest revision there could be, 2^63 - 1, as JSON reads it. */
export const SOFT_DELETED = 2 ** 63;

/** The metadata that a soft delete writes. Text, because JavaScript's JSON cannot write this number. */
export const SOFT_DELETED_JSON = '{"$tb":9223372036854775807}';

const none: StreamMetadata = {};
/** Of a metadata stream only the newest event counts. */
const ofMetastream: StreamMetadata = { maxCount: 1 };

export { none as noMetadata, ofMetastream as metastreamMetadata };

/** Reads metadata as lenient as EventStoreDB does: what is no JSON object, or no sensible value, says nothing. */
export function parseStreamMetadata(json: string): StreamMetadata {
  const fields = parseObject(json);
  if (fields === undefined) return none;
  const maxAgeSeconds = wholeNumber(fields.$maxAge, 1);
  const maxCount = wholeNumber(fields.$maxCount, 1);
  const truncateBefore = wholeNumber(fields.$tb, 0);
  const acl = parseAcl(fields.$acl);
  return {
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
    ...(maxCount !== undefined && { maxCount }),
    ...(truncateBefore !== undefined && { truncateBefore }),
    ...(acl !== undefined && { acl }),
  };
}

/** The metadata of a stream that is begun again after a soft delete: as before, from `revision` on. */
export function withTruncateBefore(json: string, revision: number): string {
  return JSON.stringify({ ...parseObject(json), $tb: revision });
}

/** The fields of a JSON object; undefined for any other text. */
export function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function wholeNumber(value: unknown, min: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= min ? value : undefined;
}

/** An access list as `$acl` has it. Undefined for what is none. */
export function parseAcl(value: unknown): StreamAcl | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Record<string, unknown>;
  const roles = { read: '$r', write: '$w', delete: '$d', metaRead: '$mr', metaWrite: '$mw' };
  const entries = Object.entries(roles).flatMap(([role, field]) => {
    const names = parseNames(fields[field]);
    return names === undefined ? [] : [[role, names] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** One name, or several. Anything else says nothing. */
function parseNames(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.every((name) => typeof name === 'string') ? value : undefined;
}

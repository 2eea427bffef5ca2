import type { StreamMetadata } from './stream-metadata.ts';
import { SOFT_DELETED } from './stream-metadata.ts';

/** A stream as of one moment. */
export interface StreamState {
  /** The last revision ever given in it, -1 when there is none. Goes on after a soft delete. */
  readonly lastRevision: number;
  /** It was ended for good. */
  readonly tombstoned: boolean;
  readonly metadata: StreamMetadata;
}

/**
 * - `missing`: it never had an event, or was deleted softly;
 * - `deleted`: it has a tombstone;
 * - `present`: it can be read, though everything in it may be truncated or too old.
 */
export function streamStatus({ lastRevision, tombstoned, metadata }: StreamState): StreamStatus {
  if (tombstoned) return 'deleted';
  return lastRevision < 0 || metadata.truncateBefore === SOFT_DELETED ? 'missing' : 'present';
}

export type StreamStatus = 'missing' | 'deleted' | 'present';

/** The first revision that metadata lets a reader see, ages left aside. Above the last one: nothing is left. */
export function firstRevision({ lastRevision, metadata }: StreamState): number {
  const { truncateBefore = 0, maxCount } = metadata;
  const byCount = maxCount === undefined ? 0 : lastRevision - maxCount + 1;
  return Math.max(truncateBefore, byCount, 0);
}

/** Events made before this are too old to be shown. */
export function oldestShownMs({ metadata }: StreamState, nowMs: number): number {
  return metadata.maxAgeSeconds === undefined
    ? Number.NEGATIVE_INFINITY
    : nowMs - metadata.maxAgeSeconds * 1_000;
}

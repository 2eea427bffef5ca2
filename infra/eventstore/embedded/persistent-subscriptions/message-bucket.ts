import { crc32 } from 'node:zlib';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { limits } from '../../../../src/config/limits.ts';
import type { ResolvedEvent } from '../streams/read-responses.ts';
import type { StoredRecord } from '../storage/stored-record.ts';
import type { ConsumerStrategyName } from './group-settings.ts';

/**
 * Which events a pinned strategy keeps together: those of one stream, or of one correlation id in their
 * metadata; links count as what they stand for. Answers a bucket from 0.
 */
export function messageBucket(strategy: ConsumerStrategyName, resolved: ResolvedEvent): number {
  if (strategy !== 'Pinned' && strategy !== 'PinnedByCorrelation') return 0;
  const record = resolved.event ?? resolved.link;
  if (record === undefined) return 0;
  const correlation = strategy === 'PinnedByCorrelation' ? correlationId(record) : undefined;
  return crc32(correlation ?? record.stream()) % limits.eventNode.pinnedBuckets;
}

/** `$correlationId` of an event's metadata; undefined when that says nothing like it. */
function correlationId(record: StoredRecord): string | undefined {
  const event = streams.ReadResp.ReadEvent.RecordedEvent.deserializeBinary(record.wire);
  try {
    const metadata: unknown = JSON.parse(Buffer.from(event.getCustomMetadata_asU8()).toString('utf8'));
    if (typeof metadata !== 'object' || metadata === null || !('$correlationId' in metadata))
      return undefined;
    return typeof metadata.$correlationId === 'string' ? metadata.$correlationId : undefined;
  } catch {
    return undefined;
  }
}

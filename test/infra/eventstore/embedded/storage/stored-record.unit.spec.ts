import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeRecord,
  encodeRecord,
  RecordCorrupt,
  recordId,
} from '../../../../../infra/eventstore/embedded/storage/stored-record.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const event = fc.record({
  id: fc.uuid(),
  type: text,
  contentType: fc.constantFrom('application/json', 'application/octet-stream'),
  data: fc.uint8Array({ maxLength: 300 }),
  metadata: fc.uint8Array({ maxLength: 300 }),
});
const place = fc.record({
  stream: text,
  revision: fc.oneof(fc.nat(), fc.maxSafeNat()),
  position: fc.oneof(fc.nat(), fc.maxSafeNat()),
  createdMs: fc.integer({ min: 0, max: 4_102_444_800_000 }),
});

describe('a stored record', () => {
  test('is a RecordedEvent that the protocol code reads back, field by field', () => {
    fc.assert(
      fc.property(event, place, (proposed, recorded) => {
        const record = decodeRecord(encodeRecord(proposed, recorded), recorded.position);
        const message = streams.ReadResp.ReadEvent.RecordedEvent.deserializeBinary(record.wire);
        expect(message.getId()?.getString()).toBe(proposed.id);
        expect(Buffer.from(message.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString()).toBe(
          recorded.stream,
        );
        expect(Number(message.getStreamRevision())).toBe(recorded.revision);
        expect(Number(message.getCommitPosition())).toBe(recorded.position);
        expect(Number(message.getPreparePosition())).toBe(recorded.position);
        expect(message.getMetadataMap().get('type')).toBe(proposed.type);
        expect(message.getMetadataMap().get('content-type')).toBe(proposed.contentType);
        expect(message.getMetadataMap().get('created')).toBe(String(BigInt(recorded.createdMs) * 10_000n));
        expect(Buffer.from(message.getData_asU8())).toEqual(Buffer.from(proposed.data));
        expect(Buffer.from(message.getCustomMetadata_asU8())).toEqual(Buffer.from(proposed.metadata));
        expect([record.stream(), record.type(), recordId(record)]).toEqual([
          recorded.stream,
          proposed.type,
          proposed.id,
        ]);
      }),
    );
  });

  test('with any bit changed, cut short or read at another position is refused', () => {
    fc.assert(
      fc.property(event, place, fc.nat(), fc.integer({ min: 0, max: 7 }), (proposed, recorded, at, bit) => {
        const record = encodeRecord(proposed, recorded);
        const changed = Buffer.from(record);
        const index = at % changed.length;
        changed[index] = (changed[index] ?? 0) ^ (1 << bit);
        expect(() => decodeRecord(changed, recorded.position)).toThrow(RecordCorrupt);
        expect(() => decodeRecord(record.subarray(0, at % record.length), recorded.position)).toThrow(
          RecordCorrupt,
        );
        expect(() => decodeRecord(record, recorded.position + 1)).toThrow(RecordCorrupt);
      }),
    );
  });
});

import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeReadAnswer } from '../../../infra/eventstore/read-answer.ts';

const { ReadEvent } = streams.ReadResp;
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const json = fc.json().map((text) => Buffer.from(text));

const recordedEvents = fc.record({
  id: fc.uuid(),
  structured: fc.boolean(),
  stream: fc.string({ minLength: 1, unit: 'binary' }),
  revision: u64,
  position: u64,
  type: fc.string({ unit: 'grapheme' }),
  contentType: fc.constantFrom('application/json', 'application/octet-stream', ''),
  data: fc.oneof(
    json,
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  ),
  metadata: fc.oneof(json, fc.constant(Buffer.alloc(0))),
});
type Recorded = typeof recordedEvents extends fc.Arbitrary<infer T> ? T : never;

/** What a server sends, by the protocol's own classes. */
function encoded(recorded: Recorded): Buffer {
  const message = new ReadEvent.RecordedEvent();
  message.setId(uuidOf(recorded));
  message.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(recorded.stream)));
  message.setStreamRevision(String(recorded.revision));
  message.setPreparePosition(String(recorded.position));
  message.setCommitPosition(String(recorded.position));
  message.getMetadataMap().set('created', '17672256000000000').set('type', recorded.type);
  message.getMetadataMap().set('content-type', recorded.contentType);
  message.setData(recorded.data);
  message.setCustomMetadata(recorded.metadata);
  const event = new ReadEvent().setEvent(message).setCommitPosition(String(recorded.position));
  return Buffer.from(new streams.ReadResp().setEvent(event).serializeBinary());
}

function uuidOf({ id, structured }: Recorded): shared.UUID {
  if (!structured) return new shared.UUID().setString(id);
  const digits = id.replaceAll('-', '');
  const half = (from: number): string =>
    String(BigInt.asIntN(64, BigInt(`0x${digits.slice(from, from + 16)}`)));
  const parts = new shared.UUID.Structured()
    .setMostSignificantBits(half(0))
    .setLeastSignificantBits(half(16));
  return new shared.UUID().setStructured(parts);
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return Uint8Array.from(bytes);
  }
}

describe('an answer of a Read call', () => {
  it('is the event that the server put into it, whatever that holds', () => {
    fc.assert(
      fc.property(recordedEvents, (recorded) => {
        const { id, type, stream, revision, position, contentType, data, metadata } = recorded;
        expect(decodeReadAnswer(encoded(recorded))).toEqual({
          kind: 'event',
          event: {
            id,
            type,
            stream: Buffer.from(stream).toString(),
            revision: Number(revision),
            position,
            data: contentType === 'application/json' ? jsonOf(data) : Uint8Array.from(data),
            metadata: metadata.length === 0 ? {} : jsonOf(metadata),
          },
        });
      }),
    );
  });

  it('is the same event when a newer server adds fields', () => {
    const unknown = Buffer.from([0xa0, 0x06, 0x96, 0x01, 0xaa, 0x06, 0x02, 0x01, 0x02]);
    fc.assert(
      fc.property(recordedEvents, (recorded) => {
        const known = encoded(recorded);
        const event = known.subarray(known.length - Number(lengthOf(known)));
        const longer = Buffer.concat([unknown, event, unknown]);
        const answer = Buffer.concat([Buffer.from([0x0a]), varint(longer.length), longer]);
        expect(decodeReadAnswer(answer)).toEqual(decodeReadAnswer(known));
      }),
    );
  });

  it('is an answer without an event for a link whose target is gone', () => {
    const event = new ReadEvent().setLink(new ReadEvent.RecordedEvent());
    const bytes = new streams.ReadResp().setEvent(event).serializeBinary();
    expect(decodeReadAnswer(Buffer.from(bytes))).toEqual({ kind: 'other' });
  });

  it('is a checkpoint, that it has caught up, or something that says nothing of the log', () => {
    const answers: [streams.ReadResp, unknown][] = [
      [
        new streams.ReadResp().setCheckpoint(
          new streams.ReadResp.Checkpoint().setCommitPosition('18446744073709551615'),
        ),
        { kind: 'checkpoint', position: 2n ** 64n - 1n },
      ],
      [new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()), { kind: 'caught-up' }],
      [
        new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation()),
        { kind: 'other' },
      ],
      [new streams.ReadResp().setStreamNotFound(new streams.ReadResp.StreamNotFound()), { kind: 'other' }],
    ];
    for (const [answer, expected] of answers) {
      expect(decodeReadAnswer(Buffer.from(answer.serializeBinary()))).toEqual(expected);
    }
  });

  it('is refused when it is cut off, and when it is noise', () => {
    fc.assert(
      fc.property(recordedEvents, fc.nat(), (recorded, cut) => {
        const bytes = encoded(recorded);
        expect(() => decodeReadAnswer(bytes.subarray(0, 1 + (cut % (bytes.length - 1))))).toThrow();
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (noise) => {
        // It ends, with an answer or an error, and takes nothing from beyond its bytes.
        try {
          decodeReadAnswer(Buffer.from(noise));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** The length that stands behind an answer's tag. */
function lengthOf(answer: Buffer): number {
  let at = 1;
  while ((answer[at] ?? 0) >= 0x80) at++;
  return answer.length - at - 1;
}

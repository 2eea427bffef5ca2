import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  batchAppendReqEvent,
  checkEventMessage,
} from '../../../../../infra/eventstore/embedded/streams/event-message-guard.ts';
import { GrpcError, grpcStatus } from '../../../../../infra/eventstore/embedded/grpc/grpc-status.ts';
import { limits } from '../../../../../src/config/limits.ts';

const check = (bytes: Uint8Array) => (): void => checkEventMessage(bytes, batchAppendReqEvent);
const refusedWith = (status: number): unknown => expect.objectContaining({ name: 'GrpcError', status });
const { eventMessageFieldsMax, eventFieldBytesMax } = limits.eventNode;

/** A field of the message that holds `content`. */
const field = (number: number, content: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([(number << 3) | 2]), varint(content.length), content]);
const varint = (value: number): Buffer =>
  value < 0x80
    ? Buffer.from([value])
    : Buffer.concat([Buffer.from([(value & 0x7f) | 0x80]), varint(value >>> 7)]);

describe('a message with events', () => {
  test('passes with as many events, each with large data, as an append can have', () => {
    const message = new streams.BatchAppendReq();
    for (let index = 0; index < limits.eventNode.appendEventsMax; index++) {
      const event = new streams.BatchAppendReq.ProposedMessage().setData(Buffer.alloc(100));
      event.getMetadataMap().set('type', 'T').set('content-type', 'application/json');
      message.addProposedMessages(event);
    }
    message.addProposedMessages(
      new streams.BatchAppendReq.ProposedMessage().setData(Buffer.alloc(1024 * 1024)),
    );
    expect(check(message.serializeBinary())).not.toThrow();
  });

  test('is refused for millions of empty events or fields, before they become objects', () => {
    const empties = Buffer.concat(Array.from({ length: eventMessageFieldsMax + 1 }, () => field(3, empty)));
    expect(check(empties)).toThrow(refusedWith(grpcStatus.resourceExhausted));
    const inOneEvent = field(3, empties);
    expect(check(inOneEvent)).toThrow(refusedWith(grpcStatus.resourceExhausted));
  });

  test('is refused for a large field that is no data: it may hold millions of fields itself', () => {
    const large = Buffer.alloc(eventFieldBytesMax + 1);
    expect(check(field(2, large))).toThrow(refusedWith(grpcStatus.invalidArgument));
    expect(check(field(3, field(1, large)))).toThrow(refusedWith(grpcStatus.invalidArgument));
    expect(check(field(3, field(4, large)))).not.toThrow();
  });

  test.each([
    ['a length beyond the end', [0x1a, 0x05, 0x00]],
    ['a length beyond the end of the event', [0x1a, 0x02, 0x22, 0x05, 0, 0, 0, 0, 0]],
    ['a length of more than 32 bits', [0x1a, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ['a length that never ends', [0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a group', [0x1b, 0x1c]],
    ['a type that does not exist', [0x1e]],
    ['a number that is cut off', [0x20, 0x80]],
  ])('is refused for %s', (_, bytes) => {
    expect(check(Buffer.from(bytes))).toThrow(refusedWith(grpcStatus.invalidArgument));
  });

  test('that is arbitrary passes or is refused, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          checkEventMessage(bytes, batchAppendReqEvent);
        } catch (error) {
          expect(error).toBeInstanceOf(GrpcError);
        }
      }),
    );
  });
});

const empty = new Uint8Array();

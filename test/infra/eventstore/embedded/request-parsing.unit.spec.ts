import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  appendReqEvent,
  batchAppendReqEvent,
  checkEventMessage,
} from '../../../../infra/eventstore/embedded/streams/event-message-guard.ts';
import { parseExpectedRevision } from '../../../../infra/eventstore/embedded/streams/expected-revision.ts';
import { GrpcError } from '../../../../infra/eventstore/embedded/grpc/grpc-status.ts';
import { parseMessage } from '../../../../infra/eventstore/embedded/grpc/parse-message.ts';
import {
  AppendEvents,
  parseUuid,
  parseWritableStream,
} from '../../../../infra/eventstore/embedded/streams/proposal.ts';
import { parseReadRequest } from '../../../../infra/eventstore/embedded/streams/read-request.ts';

const identifier = (): shared.StreamIdentifier =>
  new shared.StreamIdentifier().setStreamName(Buffer.from('order-1'));

function aRead(): Uint8Array {
  const { Options } = streams.ReadReq;
  const expression = new Options.FilterOptions.Expression().setRegex('(?i)^(?!x)[\\w-]+$');
  const filter = new Options.FilterOptions().setStreamIdentifier(expression).setMax(32);
  filter.setCheckpointintervalmultiplier(1);
  const options = new Options()
    .setAll(new Options.AllOptions().setPosition(new Options.Position().setCommitPosition('7')))
    .setFilter(filter)
    .setUuidOption(new Options.UUIDOption().setString(new shared.Empty()))
    .setControlOption(new Options.ControlOption().setCompatibility(1))
    .setCount('10');
  return new streams.ReadReq().setOptions(options).serializeBinary();
}

function anEvent(): Uint8Array {
  const event = new streams.AppendReq.ProposedMessage().setData(Buffer.from('{}'));
  event.setId(new shared.UUID().setString('f81d4fae-7dec-11d0-a765-00a0c91e6bf6'));
  event.getMetadataMap().set('type', 'T').set('content-type', 'application/json');
  return new streams.AppendReq().setProposedMessage(event).serializeBinary();
}

function aBatch(): Uint8Array {
  const structured = new shared.UUID.Structured()
    .setMostSignificantBits('-1')
    .setLeastSignificantBits('9223372036854775807');
  const request = new streams.BatchAppendReq().setCorrelationId(new shared.UUID().setStructured(structured));
  const event = new streams.BatchAppendReq.ProposedMessage().setId(
    new shared.UUID().setStructured(structured),
  );
  event.getMetadataMap().set('type', 'T').set('content-type', 'application/json');
  request.setOptions(new streams.BatchAppendReq.Options().setStreamIdentifier(identifier()));
  request.addProposedMessages(event);
  return request.setIsFinal(true).serializeBinary();
}

const aDelete = (): Uint8Array =>
  new streams.DeleteReq()
    .setOptions(new streams.DeleteReq.Options().setStreamIdentifier(identifier()).setRevision('3'))
    .serializeBinary();

/** Each request, and what the node does with its bytes before it acts on them. */
const requests: [string, () => Uint8Array, (bytes: Uint8Array) => void][] = [
  ['Read', aRead, (bytes) => void parseReadRequest(parseMessage(streams.ReadReq, bytes))],
  [
    'Append',
    anEvent,
    (bytes) => {
      checkEventMessage(bytes, appendReqEvent);
      const event = parseMessage(streams.AppendReq, bytes).getProposedMessage();
      if (event !== undefined) new AppendEvents().add(event);
    },
  ],
  [
    'BatchAppend',
    aBatch,
    (bytes) => {
      checkEventMessage(bytes, batchAppendReqEvent);
      const request = parseMessage(streams.BatchAppendReq, bytes);
      parseUuid(request.getCorrelationId());
      parseWritableStream(request.getOptions()?.getStreamIdentifier());
      const events = new AppendEvents();
      for (const event of request.getProposedMessagesList()) events.add(event);
    },
  ],
  [
    'Delete',
    aDelete,
    (bytes) => {
      const options = parseMessage(streams.DeleteReq, bytes).getOptions();
      parseWritableStream(options?.getStreamIdentifier());
      if (options !== undefined) parseExpectedRevision(options);
    },
  ],
];

test.each(requests)('the bytes of a %s as they should be are taken', (_, make, parse) => {
  expect(() => parse(make())).not.toThrow();
});

const change = fc.record({
  kind: fc.constantFrom('flip', 'insert', 'delete', 'cut'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  byte: fc.nat(255),
});

test.each(requests)(
  'the bytes of a %s, changed, are taken or refused, and nothing else',
  (_, make, parse) => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const bytes = [...make()];
        for (const { kind, at, byte } of changes) {
          const place = Math.floor(at * bytes.length);
          if (kind === 'cut') bytes.length = place;
          else bytes.splice(place, kind === 'insert' ? 0 : 1, ...(kind === 'delete' ? [] : [byte]));
        }
        try {
          parse(Uint8Array.from(bytes));
        } catch (error) {
          if (!(error instanceof GrpcError)) throw error;
        }
      }),
      { numRuns: 3_000 },
    );
  },
);

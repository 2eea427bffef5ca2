import { once } from 'node:events';
import { connect } from 'node:http2';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import timestampPb from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { frameOf } from '../../../infra/eventstore/embedded/grpc/grpc-frames.ts';

const inFlightMax = 3_000;
/** Written in one piece, so that a load costs the node's core more than its own. */
const framesPerWrite = 500;
const idPlace = '00000000-0000-7000-8000-000000000000';
const namePlace = 'many-000000000000';

/**
 * Appends one event to each of `count` fresh streams, over one BatchAppend call. Ids go up with time, as UUIDv7
 * does. `onProgress` is called with the number of acknowledgements, about every `every`. Throws at the first refusal.
 */
export async function writeStreams(
  url: string,
  count: number,
  every: number,
  onProgress: (acknowledged: number) => void,
): Promise<void> {
  const session = connect(url.replace('esdb:', 'http:').replace(/\?.*/, ''));
  const call = session.request({
    ':method': 'POST',
    ':path': '/event_store.client.streams.Streams/BatchAppend',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const frame = template();
  let [sent, acknowledged, reported] = [0, 0, 0];
  let rest: Buffer = Buffer.alloc(0);
  let moved = Promise.withResolvers<void>();
  let failure: Error | undefined;
  call.on('error', (error) => {
    failure = error;
    moved.resolve();
  });
  call.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const message = rest.subarray(5, 5 + rest.readUInt32BE(1));
      rest = rest.subarray(5 + message.length);
      acknowledged++;
      // A look at one in many is enough to be told of refusals: they do not come alone.
      if (
        acknowledged % framesPerWrite === 1 &&
        !streams.BatchAppendResp.deserializeBinary(message).hasSuccess()
      ) {
        failure = new Error('an append was refused');
      }
    }
    if (acknowledged - reported >= every) {
      reported = acknowledged;
      onProgress(acknowledged);
    }
    moved.resolve();
  });
  while (acknowledged < count) {
    if (failure !== undefined) throw failure;
    if (sent < count && sent - acknowledged < inFlightMax) {
      const frames = Array.from({ length: Math.min(framesPerWrite, count - sent) }, () => frame(sent++));
      if (!call.write(Buffer.concat(frames))) await once(call, 'drain');
    } else {
      moved = Promise.withResolvers();
      await moved.promise;
    }
  }
  call.end();
  session.close();
}

/** An append's frame with a number in its name and ids; encoding each from scratch would cost more than the node does. */
function template(): (index: number) => Buffer {
  const options = new streams.BatchAppendReq.Options();
  options.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(namePlace)));
  options.setNoStream(new emptyPb.Empty());
  options.setDeadline(new timestampPb.Timestamp().setSeconds(253_402_300_799));
  const event = new streams.BatchAppendReq.ProposedMessage();
  event.setId(new shared.UUID().setString(idPlace));
  event.getMetadataMap().set('type', 'Happened').set('content-type', 'application/json');
  event.setData(Buffer.from('{"text":"a small event"}'));
  const request = new streams.BatchAppendReq();
  request.setCorrelationId(new shared.UUID().setString(idPlace));
  request.setOptions(options).setProposedMessagesList([event]).setIsFinal(true);
  const whole = Buffer.from(frameOf(request));
  const names = placesOf(whole, namePlace);
  const ids = placesOf(whole, idPlace);
  return (index) => {
    const copy = Buffer.from(whole);
    const digits = String(index).padStart(12, '0');
    for (const at of names) copy.write(digits, at + 5, 'latin1');
    // The leading digits count, as those of a time do.
    const counted = index.toString(16).padStart(12, '0');
    for (const at of ids) copy.write(`${counted.slice(0, 8)}-${counted.slice(8)}`, at, 'latin1');
    return copy;
  };
}

function placesOf(bytes: Buffer, text: string): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) places.push(at);
  return places;
}

import { execFileSync } from 'node:child_process';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { readFrames } from '../../../infra/eventstore/embedded/grpc/grpc-frames.ts';

export const STREAMS = '/event_store.client.streams.Streams';

/** How a call ended: with a gRPC status, with a plain HTTP one, or with a reset. */
export interface Ending {
  readonly status: number | 'reset' | `http ${number}`;
  /** What came with the status. */
  readonly trailers: IncomingHttpHeaders;
  readonly messages: readonly Buffer[];
}

/** A connection of its own, without a gRPC client: it sends whatever it is given. */
export interface RawPeer {
  readonly session: ClientHttp2Session;
  /** Opens a call to a method of Streams, or to any path. Its errors are nobody's. */
  call(method: string, headers?: Record<string, string>): ClientHttp2Stream;
  /** Sends a body and resolves with how the call ended. */
  ask(method: string, body: Buffer, headers?: Record<string, string>): Promise<Ending>;
  close(): void;
}

export function rawPeer(port: number): RawPeer {
  // Without bounds of its own: what it has waiting to be sent would make it refuse answers.
  const session = connect(`http://127.0.0.1:${port}`, {
    maxSessionMemory: 1_000,
    maxSendHeaderBlockLength: 1024 * 1024,
  });
  session.on('error', () => {});
  const call: RawPeer['call'] = (method, headers = {}) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': method.startsWith('/') ? method : `${STREAMS}/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    stream.on('error', () => {});
    return stream;
  };
  return {
    session,
    call,
    ask(method, body, headers) {
      const stream = call(method, headers);
      const ending = endingOf(stream);
      stream.end(body);
      return ending;
    },
    close: () => session.destroy(),
  };
}

/** Reads a call to the end of its answer. */
export async function endingOf(stream: ClientHttp2Stream): Promise<Ending> {
  let status: Ending['status'] = 'reset';
  let trailers: IncomingHttpHeaders = {};
  stream.on('response', (headers) => {
    if (headers['grpc-status'] !== undefined) {
      status = Number(headers['grpc-status']);
      trailers = headers;
    } else if (headers[':status'] !== 200) status = `http ${headers[':status'] ?? 0}`;
  });
  stream.on('trailers', (headers) => {
    status = Number(headers['grpc-status']);
    trailers = headers;
  });
  const body: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => body.push(chunk));
  await new Promise<void>((resolve) => stream.once('end', resolve).once('close', resolve));
  const messages: Buffer[] = [];
  for await (const message of readFrames(framesOf(body), Number.MAX_SAFE_INTEGER)) messages.push(message);
  // A peer that has its answer has no use for the rest of its question.
  stream.destroy();
  return { status, trailers, messages };
}

async function* framesOf(body: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* body;
}

/** What a process has in memory now. */
export const rssBytes = (pid: number): number =>
  1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));

export const uuid = (id: string = crypto.randomUUID()): shared.UUID => new shared.UUID().setString(id);

export const identifier = (stream: string | Uint8Array): shared.StreamIdentifier =>
  new shared.StreamIdentifier().setStreamName(typeof stream === 'string' ? Buffer.from(stream) : stream);

/** The header of an append to a stream in any state. */
export const appendHeader = (stream: string | Uint8Array): streams.AppendReq =>
  new streams.AppendReq().setOptions(
    new streams.AppendReq.Options().setStreamIdentifier(identifier(stream)).setAny(new shared.Empty()),
  );

/** An event of an append. */
export function appendEvent(id = crypto.randomUUID() as string, type = 'T', data = '{}'): streams.AppendReq {
  const message = new streams.AppendReq.ProposedMessage().setId(uuid(id)).setData(Buffer.from(data));
  message.getMetadataMap().set('type', type).set('content-type', 'application/json');
  return new streams.AppendReq().setProposedMessage(message);
}

/** One message of a batched append to a stream in any state, with events of so many bytes. */
export function batchMessage(options: {
  readonly stream: string;
  readonly id?: string;
  readonly eventBytes?: readonly number[];
  readonly final?: boolean;
}): streams.BatchAppendReq {
  const { stream, id, eventBytes = [2], final = true } = options;
  const request = new streams.BatchAppendReq().setCorrelationId(uuid(id)).setIsFinal(final);
  request.setOptions(
    new streams.BatchAppendReq.Options().setStreamIdentifier(identifier(stream)).setAny(new shared.Empty()),
  );
  for (const bytes of eventBytes) {
    const event = new streams.BatchAppendReq.ProposedMessage().setId(uuid()).setData(Buffer.alloc(bytes));
    event.getMetadataMap().set('type', 'T').set('content-type', 'application/octet-stream');
    request.addProposedMessages(event);
  }
  return request;
}

/** A read of the whole log from its start. */
export const readAll = (count: string): streams.ReadReq =>
  new streams.ReadReq().setOptions(
    new streams.ReadReq.Options()
      .setAll(new streams.ReadReq.Options.AllOptions().setStart(new shared.Empty()))
      .setUuidOption(new streams.ReadReq.Options.UUIDOption().setString(new shared.Empty()))
      .setNoFilter(new shared.Empty())
      .setCount(count),
  );

/** A read of a stream from its start. */
export const readStream = (stream: string | Uint8Array, count = '10'): streams.ReadReq =>
  new streams.ReadReq().setOptions(
    new streams.ReadReq.Options()
      .setStream(
        new streams.ReadReq.Options.StreamOptions()
          .setStreamIdentifier(identifier(stream))
          .setStart(new shared.Empty()),
      )
      .setUuidOption(new streams.ReadReq.Options.UUIDOption().setString(new shared.Empty()))
      .setNoFilter(new shared.Empty())
      .setCount(count),
  );

/** A read, or with `subscribe` a subscription, of the events that a filter lets through. */
export function filteredRead(
  set: (expression: streams.ReadReq.Options.FilterOptions.Expression) => unknown,
  on: 'stream' | 'type' = 'stream',
): streams.ReadReq {
  const { Options } = streams.ReadReq;
  const expression = new Options.FilterOptions.Expression();
  set(expression);
  const filter = new Options.FilterOptions().setMax(32).setCheckpointintervalmultiplier(1);
  if (on === 'stream') filter.setStreamIdentifier(expression);
  else filter.setEventType(expression);
  const request = readAll('10');
  request.getOptions()?.setFilter(filter);
  return request;
}

/** A store that does what a test says: a real gRPC server, and the messages that it answers with. */
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import statusPb from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import { openAccess } from '../../../infra/eventstore/embedded/access/access.ts';
import type { GrpcCall } from '../../../infra/eventstore/embedded/grpc/grpc-call.ts';
import { frameOf } from '../../../infra/eventstore/embedded/grpc/grpc-frames.ts';
import { startGrpcServer } from '../../../infra/eventstore/embedded/grpc/grpc-server.ts';
import { GrpcError, type GrpcStatus } from '../../../infra/eventstore/embedded/grpc/grpc-status.ts';
import { NodeMetrics } from '../../../infra/eventstore/embedded/operations/node-metrics.ts';
import { limits } from '../../../src/config/limits.ts';
import { quiet, runtime } from './support.ts';

export interface StoreScript {
  /** Hears every append; `count` is its number over all calls, from 1. */
  append?(request: streams.BatchAppendReq, call: GrpcCall, count: number): Promise<void>;
  /** Serves every read and subscription. */
  read?(request: streams.ReadReq, call: GrpcCall, count: number): Promise<void>;
  /** Hears a client ask for the members of the cluster. */
  gossip?(call: GrpcCall, count: number): Promise<void>;
}

export interface ScriptedStore {
  readonly port: number;
  readonly url: string;
  /** The bytes of every append that came. */
  readonly appends: Buffer[];
  readonly reads: streams.ReadReq[];
  /** How many BatchAppend calls were opened. */
  readonly appendCalls: () => number;
  close(): Promise<void>;
}

export async function aScriptedStore(script: StoreScript): Promise<ScriptedStore> {
  const appends: Buffer[] = [];
  const reads: streams.ReadReq[] = [];
  let appendCalls = 0;
  const batchAppend = async (call: GrpcCall): Promise<void> => {
    appendCalls++;
    for await (const bytes of call.messages(limits.eventNode.receiveBytesMax)) {
      appends.push(Buffer.from(bytes));
      await script.append?.(streams.BatchAppendReq.deserializeBinary(bytes), call, appends.length);
    }
  };
  const read = async (call: GrpcCall): Promise<void> => {
    const request = streams.ReadReq.deserializeBinary(await call.requiredMessage());
    reads.push(request);
    await script.read?.(request, call, reads.length);
  };
  let gossips = 0;
  const gossip = async (call: GrpcCall): Promise<void> => script.gossip?.(call, ++gossips);
  const server = await startGrpcServer({
    host: '127.0.0.1',
    port: 0,
    handlers: new Map([
      ['/event_store.client.streams.Streams/BatchAppend', batchAppend],
      ['/event_store.client.streams.Streams/Read', read],
      ['/event_store.client.gossip.Gossip/Read', gossip],
    ]),
    identify: openAccess.identify,
    metrics: new NodeMetrics(),
    pages: new Map(),
    timers: runtime.timers,
    logger: quiet,
  });
  return {
    port: server.port,
    url: `esdb://127.0.0.1:${server.port}?tls=false`,
    appends,
    reads,
    appendCalls: () => appendCalls,
    close: () => server.close(async () => {}),
  };
}

/** A host that accepts connections and never says a word. */
export interface MuteHost {
  readonly port: number;
  close(): Promise<void>;
}

export async function aMuteHost(): Promise<MuteHost> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A call's end with any status, known to our own node or not. */
export function failure(status: number, message: string, exception?: string): GrpcError {
  return new GrpcError(status as GrpcStatus, message, exception === undefined ? {} : { exception });
}

function responseTo(request: streams.BatchAppendReq): streams.BatchAppendResp {
  return new streams.BatchAppendResp().setCorrelationId(request.getCorrelationId());
}

/** What `acknowledge` makes of an append. */
export const acknowledged = { kind: 'appended', revision: 0, position: 7n };

export async function acknowledge(request: streams.BatchAppendReq, call: GrpcCall): Promise<void> {
  const position = new shared.AllStreamPosition().setCommitPosition('7').setPreparePosition('7');
  const success = new streams.BatchAppendResp.Success().setCurrentRevision('0').setPosition(position);
  await call.write(frameOf(responseTo(request).setSuccess(success)));
}

/** Answers an append with an error, by the name that it has in the protocol. */
export async function answerError(
  request: streams.BatchAppendReq,
  call: GrpcCall,
  type: string,
): Promise<void> {
  const details = new anyPb.Any().setTypeUrl(`type.googleapis.com/event_store.client.${type}`);
  const error = new statusPb.Status().setMessage('so it is').setDetails(details);
  await call.write(frameOf(responseTo(request).setError(error)));
}

export function isSubscription(request: streams.ReadReq): boolean {
  return request.getOptions()?.hasSubscription() ?? false;
}

/** The position that a read of the log begins at; undefined: at its start or end. */
export function positionOf(request: streams.ReadReq): bigint | undefined {
  const position = request.getOptions()?.getAll()?.getPosition()?.getCommitPosition();
  return position === undefined ? undefined : BigInt(position);
}

export const confirmation = (): Buffer =>
  frameOf(
    new streams.ReadResp().setConfirmation(
      new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId('one'),
    ),
  );

export const checkpointAt = (position: bigint): Buffer =>
  frameOf(
    new streams.ReadResp().setCheckpoint(
      new streams.ReadResp.Checkpoint()
        .setCommitPosition(String(position))
        .setPreparePosition(String(position)),
    ),
  );

export const caughtUp = (): Buffer =>
  frameOf(new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()));

export function eventAt(position: bigint, bytes = 0): Buffer {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(crypto.randomUUID()))
    .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from('s')))
    .setStreamRevision(String(position))
    .setCommitPosition(String(position))
    .setPreparePosition(String(position))
    .setData(Buffer.from(JSON.stringify('x'.repeat(bytes))));
  recorded.getMetadataMap().set('type', 'T').set('content-type', 'application/json');
  return frameOf(new streams.ReadResp().setEvent(new streams.ReadResp.ReadEvent().setEvent(recorded)));
}

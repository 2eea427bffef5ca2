/** The messages of a read's answer, framed. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { FRAME_HEAD_BYTES, frameOf, writeFrameHead } from '../grpc/grpc-frames.ts';
import type { ReadPlan } from './read-request.ts';
import type { StoredRecord } from '../storage/stored-record.ts';
import {
  bytesFieldSize,
  varintSize,
  varintTag,
  writeBytes,
  writeBytesHead,
  writeVarint,
} from '../storage/wire.ts';

/** `ReadResp.event` and the fields of `ReadEvent`, from the protocol's streams.proto. */
const readRespEvent = 1;
const readEventEvent = 1;
const readEventLink = 2;
const readEventCommitPosition = 3;
/** Only of persistent subscriptions, whose messages are the same otherwise. */
const readEventRetryCount = 5;

/** What a reader gets of one place: the event there, or a link and what it stands for. */
export interface ResolvedEvent {
  /** Undefined for a link whose event cannot be read any more. */
  readonly event: StoredRecord | undefined;
  readonly link?: StoredRecord;
}

/**
 * An event's answer: the stored bytes with a head and a position around them, and for persistent subscriptions how
 * often it was delivered before.
 */
export function eventFrame(
  { event, link }: ResolvedEvent,
  uuidForm: ReadPlan['uuidForm'],
  retryCount?: number,
): Buffer {
  const position = (link ?? event)?.position ?? 0;
  const eventWire = wireOf(event, uuidForm);
  const linkWire = wireOf(link, uuidForm);
  const retrySize = retryCount === undefined ? 0 : 1 + varintSize(retryCount);
  const readEventSize = fieldSize(eventWire) + fieldSize(linkWire) + 1 + varintSize(position) + retrySize;
  const messageSize = bytesFieldSize(readEventSize);
  const target = Buffer.allocUnsafe(FRAME_HEAD_BYTES + messageSize);
  writeFrameHead(target, messageSize, 0);
  let at = writeBytesHead(target, readRespEvent, readEventSize, FRAME_HEAD_BYTES);
  if (eventWire !== undefined) at = writeBytes(target, readEventEvent, eventWire, at);
  if (linkWire !== undefined) at = writeBytes(target, readEventLink, linkWire, at);
  target[at] = varintTag(readEventCommitPosition);
  at = writeVarint(target, position, at + 1);
  if (retryCount !== undefined) {
    target[at] = varintTag(readEventRetryCount);
    writeVarint(target, retryCount, at + 1);
  }
  return target;
}

const fieldSize = (wire: Uint8Array | undefined): number =>
  wire === undefined ? 0 : bytesFieldSize(wire.length);

function wireOf(record: StoredRecord | undefined, uuidForm: ReadPlan['uuidForm']): Uint8Array | undefined {
  if (record === undefined) return undefined;
  return uuidForm === 'string' ? record.wire : withStructuredId(record.wire);
}

export function streamNotFoundFrame(stream: string): Buffer {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream, 'utf8'));
  const notFound = new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifier);
  return frameOf(new streams.ReadResp().setStreamNotFound(notFound));
}

export function confirmationFrame(subscriptionId: string): Buffer {
  const confirmation = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(subscriptionId);
  return frameOf(new streams.ReadResp().setConfirmation(confirmation));
}

export function checkpointFrame(position: number): Buffer {
  const checkpoint = new streams.ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(position));
  checkpoint.setPreparePosition(String(position));
  return frameOf(new streams.ReadResp().setCheckpoint(checkpoint));
}

/** The next revision that a read from here on can have. */
export const firstStreamPositionFrame = (revision: number): Buffer =>
  frameOf(new streams.ReadResp().setFirstStreamPosition(String(revision)));

/** The stream's last revision. */
export const lastStreamPositionFrame = (revision: number): Buffer =>
  frameOf(new streams.ReadResp().setLastStreamPosition(String(revision)));

export const caughtUpFrame = (): Buffer =>
  frameOf(new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()));

export const fellBehindFrame = (): Buffer =>
  frameOf(new streams.ReadResp().setFellBehind(new streams.ReadResp.FellBehind()));

/** Records hold ids as text, which the Node client asks for; others ask for two integers and pay for it. */
function withStructuredId(wire: Buffer): Uint8Array {
  const event = streams.ReadResp.ReadEvent.RecordedEvent.deserializeBinary(wire);
  const digits = event.getId()?.getString().replaceAll('-', '') ?? '';
  const structured = new shared.UUID.Structured();
  structured.setMostSignificantBits(BigInt.asIntN(64, BigInt(`0x${digits.slice(0, 16)}`)).toString());
  structured.setLeastSignificantBits(BigInt.asIntN(64, BigInt(`0x${digits.slice(16)}`)).toString());
  return event.setId(new shared.UUID().setStructured(structured)).serializeBinary();
}

/** Between the port's events and the protocol's messages. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { AppendRejected, type NewEvent } from '../../src/commands/event-log.ts';
import type { EventMetadata } from '../../src/domain/events.ts';

export type ProposedMessage = streams.BatchAppendReq.ProposedMessage;

/** An event as JSON in a protocol message. Throws `AppendRejected` for what JSON cannot hold. */
export function encodeEvent(event: NewEvent): ProposedMessage {
  const message = new streams.BatchAppendReq.ProposedMessage();
  message.setId(uuid(event.id));
  message.getMetadataMap().set('type', event.type).set('content-type', 'application/json');
  message.setData(jsonBytes(event.data, event.type));
  message.setCustomMetadata(jsonBytes(event.metadata, event.type));
  return message;
}

/** What an event counts towards the limit on an append. */
export function eventBytes(message: ProposedMessage): number {
  const type = message.getMetadataMap().get('type') ?? '';
  return message.getData_asU8().length + message.getCustomMetadata_asU8().length + type.length * 2;
}

/** Whether an event's data is JSON, by what its writer said of it. */
export const isJsonType = (contentType: string): boolean => contentType === 'application/json';

export function uuid(id: string): shared.UUID {
  return new shared.UUID().setString(id);
}

/** The text form, whichever of the protocol's two forms a server sends. */
export function uuidText(id: shared.UUID | undefined): string {
  const structured = id?.getStructured();
  if (structured === undefined) return id?.getString() ?? '';
  const hex = (bits: string): string => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0');
  const digits = hex(structured.getMostSignificantBits()) + hex(structured.getLeastSignificantBits());
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function streamIdentifier(stream: string): shared.StreamIdentifier {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream, 'utf8'));
  return identifier;
}

function jsonBytes(value: unknown, type: string): Uint8Array {
  return Buffer.from(toJson(value, type), 'utf8');
}

function toJson(value: unknown, type: string): string {
  const message = `the event ${type} has data or metadata that JSON cannot hold`;
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    // A cycle, or a bigint.
    throw new AppendRejected(message, 'internal', { cause: error });
  }
  if (json === undefined) throw new AppendRejected(message);
  return json;
}

/** What the JSON says; bytes that are none (another program wrote them) stay bytes. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return Uint8Array.from(bytes);
  }
}

/** Every event of ours has metadata; a foreign one may have none, and reads as an empty object. */
export function parseMetadata(bytes: Buffer): EventMetadata {
  const parsed = bytes.length === 0 ? {} : parseJson(bytes);
  return parsed as EventMetadata;
}

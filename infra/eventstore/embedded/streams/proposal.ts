/** What a client asks to append, checked. Everything from the wire passes through here before it is stored. */
import type shared from '@eventstore/db-client/generated/shared_pb.js';
import { limits } from '../../../../src/config/limits.ts';
import { GrpcError, grpcStatus, invalidArgument } from '../grpc/grpc-status.ts';
import { appendSize, type ProposedEvent } from '../storage/stored-record.ts';
import { isLinkStream, isMetastream, originalOf } from '../storage/system-streams.ts';

/** The shape that the messages of Append and BatchAppend share. */
interface ProposedMessage {
  getId(): shared.UUID | undefined;
  getMetadataMap(): { get(key: string): string | undefined };
  getCustomMetadata_asU8(): Uint8Array;
  getData_asU8(): Uint8Array;
}

const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A stream's name out of its identifier. Throws `GrpcError` for an empty, overlong or non-UTF-8 one. */
export function parseStreamName(identifier: shared.StreamIdentifier | undefined): string {
  const bytes = identifier?.getStreamName_asU8() ?? new Uint8Array();
  if (bytes.length === 0) throw invalidArgument('a stream name is required');
  // `$`: other names are part of those of system streams, which must be allowed to be longer.
  const { streamNameBytesMax, systemStreamNameBytesMax } = limits.eventNode;
  const bytesMax = bytes[0] === 0x24 ? systemStreamNameBytesMax : streamNameBytesMax;
  if (bytes.length > bytesMax) {
    throw invalidArgument(`a stream name has at most ${bytesMax} bytes, this one ${bytes.length}`);
  }
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw invalidArgument('a stream name is UTF-8');
  }
}

/** The name of a stream that a client may write to. Throws `GrpcError` for one that the node keeps itself, too. */
export function parseWritableStream(identifier: shared.StreamIdentifier | undefined): string {
  const name = parseStreamName(identifier);
  const original = isMetastream(name) ? originalOf(name) : name;
  if (original === '' || isMetastream(original)) throw invalidArgument(`${name} cannot be a stream`);
  if (isLinkStream(name)) throw invalidArgument(`the node itself keeps ${name}`);
  return name;
}

/** A UUID in lower-case text form, from either of the protocol's two forms. Throws `GrpcError`. */
export function parseUuid(uuid: shared.UUID | undefined): string {
  const text = uuid?.hasStructured() ? structuredText(uuid.getStructured()) : uuid?.getString().toLowerCase();
  if (text === undefined || !UUID_TEXT.test(text)) throw invalidArgument('an id is not a UUID');
  return text;
}

/** One proposed event. Throws `GrpcError` for a bad id, a missing or overlong type, a missing content type. */
export function parseProposedEvent(message: ProposedMessage): ProposedEvent {
  const metadata = message.getMetadataMap();
  const type = metadata.get('type') ?? '';
  const contentType = metadata.get('content-type') ?? '';
  if (type === '') throw invalidArgument('an event needs a type');
  if (Buffer.byteLength(type) > limits.eventNode.eventTypeBytesMax) {
    throw invalidArgument(`an event type has at most ${limits.eventNode.eventTypeBytesMax} bytes`);
  }
  if (contentType !== 'application/json' && contentType !== 'application/octet-stream') {
    throw invalidArgument('an event needs the content-type application/json or application/octet-stream');
  }
  return {
    id: parseUuid(message.getId()),
    type,
    contentType,
    // Copies: what was decoded are views of all that came with it.
    data: new Uint8Array(message.getData_asU8()),
    metadata: new Uint8Array(message.getCustomMetadata_asU8()),
  };
}

/** A revision or position: an integer from 0 that JavaScript holds exactly. Throws `GrpcError`. */
export function parseU64(text: string, what: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw invalidArgument(`${what} is out of range`);
  return value;
}

/** The events of one append, gathered message by message, within the limits of one append. */
export class AppendEvents {
  readonly events: ProposedEvent[] = [];
  #bytes = 0;

  /** What the events take in memory, about. */
  get heldBytes(): number {
    const { appendOverheadBytes, eventOverheadBytes } = limits.eventNode;
    const kept = this.events.length > 0 ? this.#bytes : 0;
    return appendOverheadBytes + kept + this.events.length * eventOverheadBytes;
  }

  get tooLarge(): boolean {
    return this.#bytes > limits.eventNode.appendBytesMax;
  }

  /** Nothing of it will be written. */
  discard(): void {
    this.events.length = 0;
  }

  /** Throws `GrpcError` for a bad event. Over the size limit it only counts and keeps nothing more. */
  add(message: ProposedMessage): void {
    const event = parseProposedEvent(message);
    if (this.events.length >= limits.eventNode.appendEventsMax) {
      throw invalidArgument(`an append has at most ${limits.eventNode.appendEventsMax} events`);
    }
    this.#bytes += appendSize(event);
    if (this.tooLarge) this.events.length = 0;
    else this.events.push(event);
  }
}

/** What the unary Append answers over the size limit, in the form that the published clients understand. */
export function appendTooLarge(): GrpcError {
  const { appendBytesMax } = limits.eventNode;
  return new GrpcError(grpcStatus.invalidArgument, `an append has at most ${appendBytesMax} bytes`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(appendBytesMax),
  });
}

/** What an append gets whose messages do not come to an end. */
export const appendTooSlow = (): GrpcError =>
  new GrpcError(
    grpcStatus.deadlineExceeded,
    `an append was not finished within ${limits.eventNode.unfinishedAppendMs} ms`,
  );

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function structuredText(structured: shared.UUID.Structured | undefined): string | undefined {
  if (structured === undefined) return undefined;
  const hex = (bits: string): string => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0');
  const digits = hex(structured.getMostSignificantBits()) + hex(structured.getLeastSignificantBits());
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

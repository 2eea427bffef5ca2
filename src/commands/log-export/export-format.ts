/**
 * The lines of an exported log. Each is one JSON object, ends in a newline, and is told by its first key:
 *
 *     {"format":"hongbao-log","version":1,...}      the header, first
 *     {"id":...}                                    an event; all of them in the log's order
 *     {"chunk":1,"events":2,"sha256":...}           ends a chunk of events
 *     {"end":true,"chunks":1,"events":2,"sha256":...}  the last line
 *
 * `sha256` is that of every byte of the file that stands before its line, so that `head -n N FILE | sha256sum`
 * checks it. docs/operations.md tells it to those who read such files with other programs.
 */
import type { EventMetadata } from '../../domain/events.ts';
import type { Position, RecordedEvent } from '../event-log.ts';

export const formatName = 'hongbao-log';
export const formatVersion = 1;

export interface ExportHeader {
  /** The history that the log had; empty when it had no name. */
  readonly epoch: string;
  /** The last position that was to be exported: the log's head when the export began. */
  readonly head: Position;
  /** When it began, ms. */
  readonly timeMs: number;
}

export interface ChunkLine {
  /** From 1. */
  readonly chunk: number;
  /** In this chunk. */
  readonly events: number;
  readonly sha256: string;
}

export interface EndLine {
  readonly chunks: number;
  /** In all chunks. */
  readonly events: number;
  readonly sha256: string;
}

/** The file is not what an export wrote, or not all of it. The message says where. */
export class ExportDamaged extends Error {
  override readonly name = 'ExportDamaged';
}

export function headerLine({ epoch, head, timeMs }: ExportHeader): string {
  const time = new Date(timeMs).toISOString();
  return line({ format: formatName, version: formatVersion, epoch, head: head.toString(), time });
}

export function eventLine({ id, type, stream, revision, position, data, metadata }: RecordedEvent): string {
  return line({ id, type, stream, revision, position: position.toString(), data, metadata });
}

export function chunkLine({ chunk, events, sha256 }: ChunkLine): string {
  return line({ chunk, events, sha256 });
}

export function endLine({ chunks, events, sha256 }: EndLine): string {
  return line({ end: true, chunks, events, sha256 });
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** What a line is, by its first bytes. */
export function kindOfLine(bytes: Buffer): 'event' | 'chunk' | 'end' | 'other' {
  const begins = (text: string): boolean => bytes.subarray(0, text.length).equals(Buffer.from(text));
  if (begins('{"id":')) return 'event';
  if (begins('{"chunk":')) return 'chunk';
  return begins('{"end":') ? 'end' : 'other';
}

/** Throws `ExportDamaged` for what is no header, and for one of a version that is not known here. */
export function parseHeader(bytes: Buffer): ExportHeader {
  const header = fieldsOf(bytes);
  if (header?.format !== formatName) {
    throw new ExportDamaged(`This is no exported log: it does not begin with {"format":"${formatName}"`);
  }
  const { version, epoch, head, time } = header;
  if (version !== formatVersion) {
    throw new ExportDamaged(
      `The file has version ${JSON.stringify(version)} of the format, and this program reads ${formatVersion}`,
    );
  }
  const timeMs = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (typeof epoch !== 'string' || !isPosition(head) || Number.isNaN(timeMs)) {
    throw new ExportDamaged('Line 1 is no header of an exported log: it was changed');
  }
  return { epoch, head: BigInt(head), timeMs };
}

/** An event, or `undefined` when the line holds none. */
export function parseEvent(bytes: Buffer): RecordedEvent | undefined {
  const fields = fieldsOf(bytes);
  if (fields === undefined || !Object.hasOwn(fields, 'data')) return undefined;
  const { id, type, stream, revision, position, data, metadata } = fields;
  if (typeof id !== 'string' || typeof type !== 'string' || typeof stream !== 'string') return undefined;
  if (typeof revision !== 'number' || !isPosition(position) || !isObject(metadata)) return undefined;
  const own = metadata as unknown;
  return { id, type, stream, revision, position: BigInt(position), data, metadata: own as EventMetadata };
}

export function parseChunkLine(bytes: Buffer): ChunkLine | undefined {
  const { chunk, events, sha256 } = fieldsOf(bytes) ?? {};
  if (typeof chunk !== 'number' || typeof events !== 'number' || typeof sha256 !== 'string') return undefined;
  return { chunk, events, sha256 };
}

export function parseEndLine(bytes: Buffer): EndLine | undefined {
  const { chunks, events, sha256 } = fieldsOf(bytes) ?? {};
  if (typeof chunks !== 'number' || typeof events !== 'number' || typeof sha256 !== 'string')
    return undefined;
  return { chunks, events, sha256 };
}

function fieldsOf(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPosition(value: unknown): value is string {
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value);
}

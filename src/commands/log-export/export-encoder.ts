import { createHash, type Hash } from 'node:crypto';
import { limits } from '../../config/limits.ts';
import type { RecordedEvent } from '../event-log.ts';
import { chunkLine, type ExportHeader, endLine, eventLine, headerLine } from './export-format.ts';

/** Where an export stands behind a whole chunk, or behind the header: all that it takes to go on there. */
export interface ExportMark {
  /** Of all bytes before here. Copied before it is used. */
  readonly hash: Hash;
  readonly chunks: number;
  readonly events: number;
  /** Of the text, before it is compressed. */
  readonly bytes: number;
  /** The newest event before here. */
  readonly last: RecordedEvent | undefined;
}

/**
 * Makes the text of an exported log, chunk by chunk. The same events give the same bytes, however often the export
 * was interrupted and carried on.
 */
export class ExportEncoder {
  readonly #hash: Hash;
  #chunks: number;
  #events: number;
  #lines: string[] = [];
  #lineBytes = 0;

  /** Goes on at a mark; without one, begins a file. */
  constructor(mark?: ExportMark) {
    this.#hash = mark?.hash.copy() ?? createHash('sha256');
    this.#chunks = mark?.chunks ?? 0;
    this.#events = mark?.events ?? 0;
  }

  /** Events in whole chunks. */
  get events(): number {
    return this.#events;
  }

  get chunks(): number {
    return this.#chunks;
  }

  header(header: ExportHeader): Buffer {
    return this.#hashed(headerLine(header));
  }

  /** Takes the next event. Answers a chunk when that is full. */
  add(event: RecordedEvent): Buffer | undefined {
    const { exportChunkEventsMax, exportChunkBytes } = limits.commands;
    const line = eventLine(event);
    this.#lines.push(line);
    this.#lineBytes += Buffer.byteLength(line);
    const full = this.#lines.length >= exportChunkEventsMax || this.#lineBytes >= exportChunkBytes;
    return full ? this.#chunk() : undefined;
  }

  /** What is left, and the last line. */
  end(): readonly Buffer[] {
    const rest = this.#lines.length === 0 ? [] : [this.#chunk()];
    const line = endLine({ chunks: this.#chunks, events: this.#events, sha256: this.#digest() });
    return [...rest, this.#hashed(line)];
  }

  #chunk(): Buffer {
    const events = this.#lines.length;
    const lines = this.#hashed(this.#lines.join(''));
    this.#lines = [];
    this.#lineBytes = 0;
    this.#chunks += 1;
    this.#events += events;
    const line = chunkLine({ chunk: this.#chunks, events, sha256: this.#digest() });
    return Buffer.concat([lines, this.#hashed(line)]);
  }

  #digest(): string {
    return this.#hash.copy().digest('hex');
  }

  #hashed(text: string): Buffer {
    const bytes = Buffer.from(text, 'utf8');
    this.#hash.update(bytes);
    return bytes;
  }
}

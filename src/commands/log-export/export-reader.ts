import { createHash } from 'node:crypto';
import { limits } from '../../config/limits.ts';
import type { RecordedEvent } from '../event-log.ts';
import type { ExportMark } from './export-encoder.ts';
import {
  ExportDamaged,
  type ExportHeader,
  kindOfLine,
  parseChunkLine,
  parseEndLine,
  parseEvent,
  parseHeader,
} from './export-format.ts';
import { type ExportLine, exportLines } from './export-lines.ts';

/** What a file holds, in order: a header, chunks, an end. The mark says where it stands behind the item. */
export type ExportItem =
  | { readonly kind: 'header'; readonly header: ExportHeader; readonly mark: ExportMark }
  | { readonly kind: 'chunk'; readonly events: readonly RecordedEvent[]; readonly mark: ExportMark }
  | { readonly kind: 'end'; readonly chunks: number; readonly events: number };

/**
 * Reads an exported log. A chunk is handed out only when its checksum, which is that of the whole file up to there,
 * is right; the end only when nothing is missing before it and nothing follows. Holds one chunk in memory.
 *
 * Throws `ExportDamaged` with the place of what is wrong, and what the source throws.
 */
export async function* readExport(source: AsyncIterable<Uint8Array>): AsyncGenerator<ExportItem, void> {
  const reader = new ExportReader();
  for await (const line of exportLines(source)) {
    const item = reader.take(line);
    if (item !== undefined) yield item;
  }
  reader.assertEnded();
}

class ExportReader {
  readonly #hash = createHash('sha256');
  #pending: ExportLine[] = [];
  #pendingBytes = 0;
  #chunks = 0;
  #events = 0;
  #last: RecordedEvent | undefined;
  #line: ExportLine | undefined;
  #ended = false;

  take(line: ExportLine): ExportItem | undefined {
    if (this.#ended)
      throw new ExportDamaged(`Something follows the end of the export, from ${placeOf(line)} on`);
    if (line.bytes.at(-1) !== 10) throw cutOff(line);
    const before = this.#line;
    this.#line = line;
    if (before === undefined) {
      const header = parseHeader(line.bytes);
      return { kind: 'header', header, mark: this.#pass(line) };
    }
    switch (kindOfLine(line.bytes)) {
      case 'event':
        this.#gather(line);
        return undefined;
      case 'chunk':
        return this.#closeChunk(line);
      case 'end':
        return this.#close(line);
      case 'other':
        throw new ExportDamaged(`${atStart(line)} is no line of an export: the file is damaged there`);
    }
  }

  assertEnded(): void {
    if (this.#ended) return;
    if (this.#line === undefined) throw new ExportDamaged('The file is empty');
    throw cutOff({
      number: this.#line.number + 1,
      offset: this.#line.offset + this.#line.bytes.length,
    });
  }

  #gather(line: ExportLine): void {
    const { exportChunkEventsMax, exportChunkBytes, exportLineBytesMax } = limits.commands;
    this.#pending.push(line);
    this.#pendingBytes += line.bytes.length;
    const tooMany = this.#pending.length > exportChunkEventsMax;
    if (tooMany || this.#pendingBytes > exportChunkBytes + exportLineBytesMax) {
      throw new ExportDamaged(`${atStart(line)} should have ended a chunk: the file is damaged before it`);
    }
  }

  #closeChunk(line: ExportLine): ExportItem {
    const chunk = parseChunkLine(line.bytes);
    const number = this.#chunks + 1;
    const [first] = this.#pending;
    if (chunk === undefined || chunk.chunk !== number || first === undefined) {
      throw new ExportDamaged(`${atStart(line)} should end chunk ${number}, and does not: it is damaged`);
    }
    for (const { bytes } of this.#pending) this.#hash.update(bytes);
    if (chunk.sha256 !== this.#digest() || chunk.events !== this.#pending.length) {
      // The header has no checksum of its own.
      const from = number === 1 ? { number: 1, offset: 0 } : first;
      throw new ExportDamaged(
        `Chunk ${number}, from ${placeOf(from)} to ${placeOf(line)}, does not match its checksum: it is damaged`,
      );
    }
    const events = this.#pending.map((pending) => {
      const event = parseEvent(pending.bytes);
      if (event === undefined) throw new ExportDamaged(`${atStart(pending)} holds no event`);
      return event;
    });
    this.#chunks = number;
    this.#events += events.length;
    this.#last = events.at(-1);
    this.#pending = [];
    this.#pendingBytes = 0;
    return { kind: 'chunk', events, mark: this.#pass(line) };
  }

  #close(line: ExportLine): ExportItem {
    const end = parseEndLine(line.bytes);
    const { chunks, events } = this.#pass(line, false);
    const [open] = this.#pending;
    if (open !== undefined) throw new ExportDamaged(`The chunk that begins in ${placeOf(open)} has no end`);
    if (
      end === undefined ||
      end.chunks !== chunks ||
      end.events !== events ||
      end.sha256 !== this.#digest()
    ) {
      throw new ExportDamaged(
        `The last line, ${placeOf(line)}, does not match what stands before it: ${chunks} chunks, ${events} events`,
      );
    }
    this.#ended = true;
    return { kind: 'end', chunks, events };
  }

  /** Where the file stands behind a line; the line itself counts as read. */
  #pass({ bytes, offset }: ExportLine, hashed = true): ExportMark {
    if (hashed) this.#hash.update(bytes);
    return {
      hash: this.#hash.copy(),
      chunks: this.#chunks,
      events: this.#events,
      bytes: offset + bytes.length,
      last: this.#last,
    };
  }

  #digest(): string {
    return this.#hash.copy().digest('hex');
  }
}

function cutOff(place: Pick<ExportLine, 'number' | 'offset'>): ExportDamaged {
  return new ExportDamaged(`The file was cut off in ${placeOf(place)}: its last line is missing`);
}

function placeOf({ number, offset }: Pick<ExportLine, 'number' | 'offset'>): string {
  return `line ${number} (byte ${offset})`;
}

/** At the start of a sentence. */
function atStart(line: ExportLine): string {
  return `L${placeOf(line).slice(1)}`;
}

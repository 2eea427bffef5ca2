import { limits } from '../../config/limits.ts';
import { ExportDamaged } from './export-format.ts';

/** One line of a file, and where it stands: for messages that say where. */
export interface ExportLine {
  /** With its newline. */
  readonly bytes: Buffer;
  /** From 1. */
  readonly number: number;
  /** Of its first byte, from 0, in the text as it is before compression. */
  readonly offset: number;
}

/**
 * Cuts bytes into lines, one at a time. What stands behind the last newline is handed out without one. Throws
 * `ExportDamaged` for a line longer than any event's, which would fill the memory.
 */
export async function* exportLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<ExportLine, void> {
  let number = 1;
  let offset = 0;
  let parts: Uint8Array[] = [];
  let partBytes = 0;
  const take = (last: Uint8Array): ExportLine => {
    const line = { bytes: Buffer.concat([...parts, last]), number, offset };
    number += 1;
    offset += line.bytes.length;
    parts = [];
    partBytes = 0;
    return line;
  };
  for await (const bytes of source) {
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      const line = take(bytes.subarray(from, end + 1));
      from = end + 1;
      yield line;
    }
    if (from === bytes.length) continue;
    // Copied: whoever made the bytes may use their memory again.
    parts.push(Buffer.from(bytes.subarray(from)));
    partBytes += bytes.length - from;
    if (partBytes > limits.commands.exportLineBytesMax) {
      throw new ExportDamaged(`Line ${number} (from byte ${offset} on) is longer than any event`);
    }
  }
  if (partBytes > 0) yield take(new Uint8Array());
}

import { promisify } from 'node:util';
import { crc32, deflateRaw, gunzipSync } from 'node:zlib';
import { limits } from '../../src/config/limits.ts';

/*
 * A compressed export is a row of gzip members (RFC 1952), one for each piece that was written whole: together they
 * are one gzip file for every program that reads such. Each says its own length in an extra field of its header, so
 * that an interrupted export can find where its last whole piece ends.
 */

const headerBytes = 20;
const trailerBytes = 8;
/** Names the extra field. */
const fieldId = 'HB';

const deflate = promisify(deflateRaw);

/** One piece as a gzip member. */
export async function gzipMember(piece: Buffer): Promise<Buffer> {
  const body = await deflate(piece);
  const header = Buffer.alloc(headerBytes);
  // Magic number, deflate, "there are extra fields"; no time; made on any system.
  header.set([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255]);
  header.writeUInt16LE(8, 10);
  header.write(fieldId, 12, 'latin1');
  header.writeUInt16LE(4, 14);
  header.writeUInt32LE(headerBytes + body.length + trailerBytes, 16);
  const trailer = Buffer.alloc(trailerBytes);
  trailer.writeUInt32LE(crc32(piece), 0);
  trailer.writeUInt32LE(piece.length, 4);
  return Buffer.concat([header, body, trailer]);
}

/** Reads exactly so many bytes from a place in a file; fewer at its end. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

/**
 * The pieces of a file of such members, as far as they are whole, each with the offset behind it. Ends, without an
 * error, at the first one that is not.
 */
export async function* gzipMembers(
  readAt: ReadAt,
): AsyncGenerator<{ readonly piece: Buffer; readonly end: number }, void> {
  for (let offset = 0; ; ) {
    const header = await readAt(offset, headerBytes);
    if (header.length < headerBytes || header.toString('latin1', 12, 14) !== fieldId) return;
    const length = header.readUInt32LE(16);
    if (length > limits.commands.exportMemberBytesMax) return;
    const member = await readAt(offset, length);
    const piece = member.length === length ? unzipped(member) : undefined;
    if (piece === undefined) return;
    offset += length;
    yield { piece, end: offset };
  }
}

function unzipped(member: Buffer): Buffer | undefined {
  try {
    return gunzipSync(member, { maxOutputLength: limits.commands.exportMemberBytesMax });
  } catch {
    return undefined;
  }
}

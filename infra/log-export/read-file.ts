import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ExportDamaged } from '../../src/commands/log-export/export-format.ts';

/** The text of a file, or of stdin for `-`: uncompressed when it is compressed, whatever its name. */
export function readFileText(file: string): AsyncIterable<Uint8Array> {
  return uncompressed(file === '-' ? process.stdin : createReadStream(file));
}

async function* uncompressed(source: Readable): AsyncGenerator<Uint8Array, void> {
  const pieces = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, void>;
  try {
    // A pipe may hand out one byte at first; two tell.
    let start = Buffer.alloc(0);
    while (start.length < 2) {
      const next = await pieces.next();
      if (next.done === true) break;
      start = Buffer.concat([start, next.value]);
    }
    const all = following(start, pieces);
    if (start[0] !== 0x1f || start[1] !== 0x8b) yield* all;
    else yield* unzipped(all);
  } finally {
    source.destroy();
  }
}

async function* following(
  start: Uint8Array,
  rest: AsyncIterator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  yield start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function* unzipped(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const text = pipeline(Readable.from(compressed), createGunzip(), () => {
    // The iteration below throws what went wrong.
  });
  let bytes = 0;
  try {
    for await (const piece of text as AsyncIterable<Uint8Array>) {
      bytes += piece.length;
      yield piece;
    }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('Z_')) throw error;
    const how = error.code === 'Z_BUF_ERROR' ? 'cut off' : 'damaged';
    throw new ExportDamaged(`The compressed file is ${how} behind byte ${bytes} of its text`, {
      cause: error,
    });
  }
}

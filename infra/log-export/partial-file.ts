import { existsSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type PartialExport, readPartial } from '../../src/commands/log-export/export-log.ts';
import { OperatorError } from '../../src/config/operator-error.ts';
import { gzipMember, gzipMembers, type ReadAt } from './gzip-member.ts';

const readBytes = 64 * 1024;

/**
 * A file that gets its name when it is whole. Until then it is `<name>.partial`, to which whole pieces are added,
 * and which an interrupted export leaves for the next one to carry on. `.gz` names are compressed.
 */
export class PartialFile {
  readonly #file: string;
  readonly #handle: FileHandle;
  #end: number;

  private constructor(file: string, handle: FileHandle, end: number) {
    this.#file = file;
    this.#handle = handle;
    this.#end = end;
  }

  /** Begins a file. Throws `OperatorError` when it, or what an earlier export left of it, is there. */
  static async create(file: string): Promise<PartialFile> {
    refuseExisting(file);
    try {
      return new PartialFile(file, await open(partialName(file), 'wx', 0o600), 0);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw unwritable(file, error);
      throw new OperatorError(
        `${partialName(file)} is what an interrupted export left. Go on with it by --resume, or remove it.`,
      );
    }
  }

  /**
   * Opens what an interrupted export left, cut back to its last whole piece. `found` is that; `undefined`: nothing
   * of it is whole, and it begins anew. Throws `OperatorError` when there is nothing to go on with.
   */
  static async resume(file: string): Promise<{ file: PartialFile; found: PartialExport | undefined }> {
    refuseExisting(file);
    let handle: FileHandle;
    try {
      handle = await open(partialName(file), 'r+');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw unwritable(file, error);
      throw new OperatorError(`There is no ${partialName(file)} to go on with: leave out --resume.`);
    }
    const readAt = reader(handle);
    let pieceEnd = 0;
    let end = 0;
    const pieces = async function* (): AsyncGenerator<Buffer, void> {
      for await (const member of gzipMembers(readAt)) {
        pieceEnd = member.end;
        yield member.piece;
      }
    };
    const found = await readPartial(isCompressed(file) ? pieces() : wholeFile(readAt), (mark) => {
      end = isCompressed(file) ? pieceEnd : mark.bytes;
    });
    // A whole last line stands behind the last mark, and stays.
    if (found?.isComplete === true) end = (await handle.stat()).size;
    await handle.truncate(end);
    return { file: new PartialFile(file, handle, end), found };
  }

  /** Adds a piece that is whole. */
  async write(piece: Buffer): Promise<void> {
    const bytes = isCompressed(this.#file) ? await gzipMember(piece) : piece;
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written, this.#end);
      written += bytesWritten;
      this.#end += bytesWritten;
    }
  }

  /** Makes it durable under its own name. */
  async finish(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
    await rename(partialName(this.#file), this.#file);
    const folder = await open(dirname(this.#file), 'r');
    await folder.sync().finally(() => folder.close());
  }

  /** Leaves what there is for another time. */
  async leave(): Promise<void> {
    await this.#handle.close();
  }
}

function refuseExisting(file: string): void {
  if (existsSync(file)) throw new OperatorError(`${file} is there already. Take another name, or remove it.`);
}

function partialName(file: string): string {
  return `${file}.partial`;
}

function isCompressed(file: string): boolean {
  return file.endsWith('.gz');
}

function unwritable(file: string, error: unknown): OperatorError {
  const why = error instanceof Error ? error.message : String(error);
  return new OperatorError(`${file} cannot be written: ${why}.`, { cause: error });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function reader(handle: FileHandle): ReadAt {
  return async (offset, length) => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
}

async function* wholeFile(readAt: ReadAt): AsyncGenerator<Buffer, void> {
  for (let offset = 0; ; ) {
    const bytes = await readAt(offset, readBytes);
    if (bytes.length === 0) return;
    offset += bytes.length;
    yield bytes;
  }
}

import {
  BLOCK_REVISIONS,
  blockOf,
  changedBlocks,
  positionInBlock,
  positionsInBlock,
} from './position-blocks.ts';
import { u64 } from './u64.ts';

/** A table of blocks, by stream number and block. */
export interface BlockTable {
  get(key: Buffer): Buffer | undefined;
  put(key: Buffer, block: Buffer): void;
  remove(key: Buffer): void;
  entries(): Iterable<{ readonly value: Buffer }>;
}

/** Where the events of streams are in the log, by stream number and revision. */
export class StreamPositions {
  readonly #blocks: BlockTable;

  constructor(blocks: BlockTable) {
    this.#blocks = blocks;
  }

  /** Undefined where there is none. */
  at(streamNumber: number, revision: number): number | undefined {
    const block = this.#block(streamNumber, blockOf(revision));
    return block === undefined ? undefined : positionInBlock(block, revision);
  }

  /** As `at` for one stream, with fewer lookups for revisions that lie side by side. */
  reader(streamNumber: number): (revision: number) => number | undefined {
    let known = -1;
    let block: Buffer | undefined;
    return (revision) => {
      const wanted = blockOf(revision);
      const position = wanted === known && block !== undefined ? positionInBlock(block, revision) : undefined;
      if (position !== undefined) return position;
      // Looked up again where the known block has none: it may have grown.
      known = wanted;
      block = this.#block(streamNumber, wanted);
      return block === undefined ? undefined : positionInBlock(block, revision);
    };
  }

  /** Says where the revisions from `first` on are. */
  put(streamNumber: number, first: number, positions: readonly number[]): void {
    const stored = (block: number): Buffer | undefined => this.#block(streamNumber, block);
    for (const [block, bytes] of changedBlocks(first, positions, stored)) {
      this.#blocks.put(u64(streamNumber, block), bytes);
    }
  }

  /** Forgets where the revisions from `first` to before `end` are; those before `first` are forgotten already. */
  remove(streamNumber: number, first: number, end: number): void {
    const endBlock = blockOf(end);
    for (let block = blockOf(first); block < endBlock; block++) this.#blocks.remove(u64(streamNumber, block));
    const rest = Math.max(first, endBlock * BLOCK_REVISIONS);
    if (rest < end) this.put(streamNumber, rest, new Array<number>(end - rest).fill(0));
  }

  /** How many there are, of all streams. Reads all of them. */
  count(): number {
    let count = 0;
    for (const { value } of this.#blocks.entries()) count += positionsInBlock(value);
    return count;
  }

  #block(streamNumber: number, block: number): Buffer | undefined {
    return this.#blocks.get(u64(streamNumber, block));
  }
}

/**
 * Where the revisions of a stream are in the log, 64 of them in one value of the index: 8 bytes each, 0 for none. One
 * entry per revision cost the same lookup for each event of a read, and a write for each event and link.
 */
import { readU64, writeU64 } from './u64.ts';

export const BLOCK_REVISIONS = 64;

export const blockOf = (revision: number): number => Math.floor(revision / BLOCK_REVISIONS);

/** The position of a revision in its block; undefined when there is none. */
export function positionInBlock(block: Buffer, revision: number): number | undefined {
  const offset = (revision % BLOCK_REVISIONS) * 8;
  const position = offset < block.length ? readU64(block, offset) : 0;
  return position === 0 ? undefined : position;
}

/**
 * The blocks that change when revisions from `first` on get `positions` (0: none any more), each with its number.
 * `stored` answers what a block has now.
 */
export function changedBlocks(
  first: number,
  positions: readonly number[],
  stored: (block: number) => Buffer | undefined,
): (readonly [number, Buffer])[] {
  const changed: [number, Buffer][] = [];
  for (let index = 0; index < positions.length; ) {
    const block = blockOf(first + index);
    const slot = (first + index) % BLOCK_REVISIONS;
    const count = Math.min(BLOCK_REVISIONS - slot, positions.length - index);
    const before = slot > 0 || positions[index] === 0 ? stored(block) : undefined;
    const bytes = Buffer.alloc(Math.max(before?.length ?? 0, (slot + count) * 8));
    before?.copy(bytes);
    for (let each = 0; each < count; each++) writeU64(bytes, positions[index + each] ?? 0, (slot + each) * 8);
    changed.push([block, bytes]);
    index += count;
  }
  return changed;
}

/** How many revisions a block has positions of. */
export function positionsInBlock(block: Buffer): number {
  let count = 0;
  for (let offset = 0; offset < block.length; offset += 8) if (readU64(block, offset) !== 0) count++;
  return count;
}

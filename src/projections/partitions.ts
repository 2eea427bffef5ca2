import { limits } from '../config/limits.ts';

/**
 * The partition, of so many, that a stream belongs to. By stream, since every projection's rows depend on the
 * order within one stream only. A generation's count is the one that it was made with.
 */
export function partitionOf(stream: string, count: number): number {
  return hash32(stream) % count;
}

/** FNV-1a over UTF-16 code units, 32 bits unsigned, finished with murmur3's mixer: FNV alone spreads its low bits badly. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** DDL that spreads a table over hash partitions of its own, so that no index grows with all users' lists. */
export function hashPartitions(table: string, column: string): { clause: string; children: string } {
  const count = limits.projections.listTablePartitions;
  const children = Array.from(
    { length: count },
    (_, part) =>
      `create table ${table}_${part} partition of ${table} for values with (modulus ${count}, remainder ${part});`,
  );
  return { clause: `partition by hash (${column})`, children: children.join('\n') };
}

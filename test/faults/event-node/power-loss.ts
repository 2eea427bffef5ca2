/** What of a data folder can be left when the power goes at one moment of a trace. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Operation } from './trace.ts';
import type { Fraction } from './writers.ts';

/** What a disk writes whole or not at all. */
const SECTOR_BYTES = 512;

type Write = Extract<Operation, { kind: 'write' }>;

interface Inode {
  readonly writes: Write[];
  readonly syncs: Operation[];
}

interface NameChange {
  readonly operation: Operation;
  readonly apply: (names: Map<string, Inode>) => void;
}

/** What happens to that which is not synced: nothing of it is on the disk, all, parts, ... */
export const fates = [
  'none',
  'all',
  'some sectors',
  'other sectors',
  'the newest',
  'not the oldest',
] as const;
export type Fate = (typeof fates)[number];

/** The files that are left, by name. */
export type FolderState = ReadonlyMap<string, Buffer>;

/** A record of a folder's files and names, from an empty folder on. */
export class Disk {
  readonly #folder: string;
  readonly #changes: NameChange[] = [];
  readonly #folderSyncs: Operation[] = [];
  /** The moments at which something begins or ends. */
  readonly moments: readonly number[];

  constructor(operations: readonly Operation[], folder: string) {
    this.#folder = folder;
    const names = new Map<string, Inode>();
    for (const operation of operations) this.#record(operation, names);
    const edges = operations.flatMap(({ start, end }) => [start, end + 1]);
    this.moments = [...new Set(edges)].sort((a, b) => a - b);
  }

  /** A folder as it may be when the power goes at `moment`. */
  stateAt(moment: number, fate: Fate, fraction: Fraction): FolderState {
    const names = new Map<string, Inode>();
    const changes = this.#changes.filter(({ operation }) => operation.start < moment);
    const pending = changes.filter(({ operation }) => !isSynced(operation, this.#folderSyncs, moment));
    for (const change of changes) {
      if (!pending.includes(change) || survives(fate, pending.indexOf(change), pending.length, fraction)) {
        change.apply(names);
      }
    }
    const files = new Map<string, Buffer>();
    for (const [path, inode] of names) {
      const name = basename(path);
      // Locks are of running processes, and nothing in them outlives one.
      if (name.endsWith('-lock') || name.startsWith('node.lock')) continue;
      files.set(name, contentAt(inode, moment, fate, fraction));
    }
    return files;
  }

  #record(operation: Operation, names: Map<string, Inode>): void {
    const apply = nameChange(operation, names);
    if (apply !== undefined) {
      apply(names);
      this.#changes.push({ operation, apply });
    } else if (operation.kind === 'write') {
      names.get(operation.path)?.writes.push(operation);
    } else if (operation.kind === 'sync') {
      if (operation.path === this.#folder) this.#folderSyncs.push(operation);
      else names.get(operation.path)?.syncs.push(operation);
    }
  }
}

/** What an operation does to the names in the folder, undefined when it does nothing to them. */
function nameChange(
  operation: Operation,
  names: ReadonlyMap<string, Inode>,
): NameChange['apply'] | undefined {
  switch (operation.kind) {
    case 'create': {
      const inode: Inode = { writes: [], syncs: [] };
      return (map) => void map.set(operation.path, inode);
    }
    case 'rename': {
      const inode = names.get(operation.path);
      return (map) => {
        map.delete(operation.path);
        if (inode !== undefined) map.set(operation.to, inode);
      };
    }
    case 'unlink':
      return (map) => void map.delete(operation.path);
    default:
      return undefined;
  }
}

/** Writes a state into a folder of its own. */
export function writeState(state: FolderState, folder: string): void {
  mkdirSync(folder);
  for (const [name, bytes] of state) writeFileSync(join(folder, name), bytes);
}

/** The same for equal states. */
export function stateKey(state: FolderState): string {
  const hash = createHash('sha1');
  for (const name of [...state.keys()].sort()) hash.update(`${name}\n`).update(state.get(name) ?? '');
  return hash.digest('hex');
}

/** Whether a sync that began after it had ended is over at that moment. */
function isSynced(operation: Operation, syncs: readonly Operation[], moment: number): boolean {
  return syncs.some((sync) => sync.start > operation.end && sync.end < moment);
}

function contentAt({ writes, syncs }: Inode, moment: number, fate: Fate, fraction: Fraction): Buffer {
  const begun = writes.filter(({ start }) => start < moment);
  const pending = begun.filter(
    (write) => !(write.durable && write.end < moment) && !isSynced(write, syncs, moment),
  );
  const size = Math.max(0, ...begun.map(({ offset, bytes }) => offset + bytes.length));
  const content = Buffer.alloc(size);
  let length = 0;
  for (const write of begun) {
    const index = pending.indexOf(write);
    for (const piece of sectorsOf(write)) {
      if (index >= 0 && !survives(fate, index, pending.length, fraction)) continue;
      piece.bytes.copy(content, piece.offset);
      length = Math.max(length, piece.offset + piece.bytes.length);
    }
  }
  return content.subarray(0, length);
}

function* sectorsOf({ offset, bytes }: Write) {
  for (let at = 0; at < bytes.length; ) {
    const next = Math.min(bytes.length, at + SECTOR_BYTES - ((offset + at) % SECTOR_BYTES));
    yield { offset: offset + at, bytes: bytes.subarray(at, next) };
    at = next;
  }
}

function survives(fate: Fate, index: number, count: number, fraction: Fraction): boolean {
  switch (fate) {
    case 'none':
      return false;
    case 'all':
      return true;
    case 'some sectors':
    case 'other sectors':
      return fraction() < 0.5;
    case 'the newest':
      return index === count - 1;
    case 'not the oldest':
      return index > 0;
  }
}

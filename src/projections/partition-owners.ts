import type { SharedLeaseStore } from '../runtime/leases.ts';
import { numberOfLease } from './held-leases.ts';
import { partitionLeases } from './runner.ts';

/** Which process has which partition: its name by the partition's number. A partition that nobody has is not in it. */
export async function partitionOwners(
  leases: Pick<SharedLeaseStore, 'list'>,
): Promise<ReadonlyMap<number, string>> {
  const held = await leases.list(`${partitionLeases}/`);
  const owners = held
    .map(({ name, holder }) => [numberOfLease(partitionLeases, name), nameOf(holder)] as const)
    .flatMap(([partition, owner]) => (partition === undefined ? [] : [[partition, owner] as const]));
  return new Map(owners.sort(([one], [other]) => one - other));
}

/** The owners with what they have, as a line for people: `0 2-4 host/17, 1 host/18`. */
export function describeOwners(owners: ReadonlyMap<number, string>): string {
  const byOwner = new Map<string, number[]>();
  for (const [partition, owner] of owners) byOwner.set(owner, [...(byOwner.get(owner) ?? []), partition]);
  return [...byOwner].map(([owner, partitions]) => `${ranges(partitions)} ${owner}`).join(', ');
}

/** `[0, 2, 3, 4]` as `0 2-4`. */
function ranges(numbers: readonly number[]): string {
  const runs: { readonly first: number; last: number }[] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run !== undefined && run.last === number - 1) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(' ');
}

/** A holder is a process's name and what makes it different from all others. */
function nameOf(holder: string): string {
  return holder.slice(0, holder.lastIndexOf('#'));
}

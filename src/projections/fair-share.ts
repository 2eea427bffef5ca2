import { hash32 } from './partitions.ts';

/**
 * Which of `names` are `member`'s when all of them are spread over `members`, as evenly as can be: nobody has two
 * more than another. Rendezvous hashing (Thaler and Ravishankar, 1998) with room for so many: each name goes to the
 * member with the highest hash of both that has room. It depends on nothing but the two sets, so that all who know
 * the same members agree without a word, and nothing moves while the members stay.
 */
export function fairShare(
  names: readonly string[],
  members: readonly string[],
  member: string,
): readonly string[] {
  const all = [...new Set(members)].sort();
  if (all.length === 0) return [];
  const loads = new Map(all.map((one) => [one, 0]));
  const leastEach = Math.floor(names.length / all.length);
  let withOneMore = names.length % all.length;
  return names.filter((name) => {
    const hasRoom = (one: string): boolean => {
      const load = loads.get(one) ?? 0;
      return load < leastEach || (load === leastEach && withOneMore > 0);
    };
    const [owner] = all
      .filter(hasRoom)
      .map((one) => ({ one, score: hash32(`${name}>${one}`) }))
      .sort((a, b) => b.score - a.score || (a.one < b.one ? -1 : 1));
    if (owner === undefined) return false;
    const load = loads.get(owner.one) ?? 0;
    if (load === leastEach) withOneMore -= 1;
    loads.set(owner.one, load + 1);
    return owner.one === member;
  });
}

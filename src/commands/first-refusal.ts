import type { Rejection } from '../domain/decider.ts';

/**
 * Asks a rule about many things, at most `atOnceMax` at the same time and in their order, and stops at the first
 * refusal: whoever names strangers costs no more than the few questions that were under way. Of several refusals
 * it answers the one that comes first in the list. Rejects when the rule does.
 */
export async function firstRefusal<Item>(
  items: readonly Item[],
  atOnceMax: number,
  rule: (item: Item) => Promise<Rejection | undefined>,
): Promise<Rejection | undefined> {
  const refusals: { readonly index: number; readonly refusal: Rejection }[] = [];
  const rest = items.entries();
  let failed = false;
  const work = async (): Promise<void> => {
    for (const [index, item] of rest) {
      const refusal = await rule(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
      if (refusal !== undefined) refusals.push({ index, refusal });
      if (failed || refusals.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, items.length) }, work));
  return refusals.sort((one, other) => one.index - other.index)[0]?.refusal;
}

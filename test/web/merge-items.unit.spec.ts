import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeItems } from '../../web/src/session/merge-items.ts';
import { recallAt, textAt } from './messages.ts';

const seqs = (items: readonly { seq: number }[]) => items.map((item) => item.seq);
const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => textAt(from + i));

describe('the items of a conversation and one more page', () => {
  it('are one run when they touch or overlap, whichever is the older', () => {
    expect(seqs(mergeItems(run(1, 3), run(3, 5)))).toEqual([1, 2, 3, 4, 5]);
    expect(seqs(mergeItems(run(4, 5), run(1, 3)))).toEqual([1, 2, 3, 4, 5]);
  });

  it('keep the newer part only where something is missing between them', () => {
    expect(seqs(mergeItems(run(1, 3), run(7, 8)))).toEqual([7, 8]);
    expect(seqs(mergeItems(run(7, 8), run(1, 3)))).toEqual([7, 8]);
  });

  it('show no content of what was recalled, whether the recall or the message came first', () => {
    const recalled = expect.objectContaining({ seq: 2, kind: 'recalled' });
    expect(mergeItems(run(1, 2), [recallAt(3, 2)])[1]).toEqual(recalled);
    expect(mergeItems([recallAt(3, 2)], run(1, 2))[1]).toEqual(recalled);
    expect(JSON.stringify(mergeItems(run(1, 2), [recallAt(3, 2)]))).not.toContain('text 2');
  });

  it('take the newer form of an item that both have', () => {
    const [item] = mergeItems([textAt(1, 'before')], [textAt(1, 'after')]);
    expect(item).toMatchObject({ text: 'after' });
  });

  it('never have a hole and never lose the newest, whatever pages come in whatever order', () => {
    const page = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 8 }));
    fc.assert(
      fc.property(fc.array(page, { minLength: 1 }), (pages) => {
        const merged = pages.reduce(
          (items, [from, more]) => mergeItems(items, run(from, from + more)),
          mergeItems([], []),
        );
        const newest = Math.max(...pages.map(([from, more]) => from + more));
        const first = merged[0]?.seq ?? 0;
        expect(seqs(merged)).toEqual(seqs(run(first, newest)));
      }),
    );
  });
});

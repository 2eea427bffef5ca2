/**
 * The ids that one form sends its drafts under. Whoever presses the button again after a failure, not knowing what
 * became of the first time, sends the same draft under the same ids: then it takes effect once.
 */
export interface KeptIds<Ids> {
  /** The same ids as last time while the draft says the same; fresh ones for any other. */
  of(draft: unknown): Ids;
  /** The draft was carried out. The next one is another, even if it says the same. */
  done(): void;
}

export function createKeptIds<Ids>(make: () => Ids): KeptIds<Ids> {
  let kept: { readonly text: string; readonly ids: Ids } | undefined;
  return {
    of(draft) {
      const text = JSON.stringify(draft);
      if (kept?.text !== text) kept = { text, ids: make() };
      return kept.ids;
    },
    done() {
      kept = undefined;
    },
  };
}

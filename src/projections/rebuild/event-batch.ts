import type { ProjectedEvent } from '../projected-event.ts';

/** Events in log order, and by category: most projections want one category, and need not look at the rest. */
export class EventBatch {
  readonly #all: ProjectedEvent[] = [];
  readonly #byCategory = new Map<string, ProjectedEvent[]>();
  #bytes = 0;

  get count(): number {
    return this.#all.length;
  }

  /** About how much memory they take. */
  get bytes(): number {
    return this.#bytes;
  }

  add(event: ProjectedEvent, bytes: number): void {
    this.#all.push(event);
    this.#bytes += bytes;
    const category = event.stream.slice(0, event.stream.indexOf('-') + 1);
    const known = this.#byCategory.get(category);
    if (known === undefined) this.#byCategory.set(category, [event]);
    else known.push(event);
  }

  /** At least the events of streams with one of these prefixes, in order. */
  of(prefixes: readonly string[]): readonly ProjectedEvent[] {
    const [prefix, ...others] = prefixes;
    const isCategory =
      prefix !== undefined && others.length === 0 && prefix.indexOf('-') === prefix.length - 1;
    return isCategory ? (this.#byCategory.get(prefix) ?? []) : this.#all;
  }
}

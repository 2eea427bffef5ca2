type Listener<Event> = (event: Event) => void;

/** Typed events. A listener that throws does not keep the others from hearing. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();

  /** Calls `listener` for each event of the type until the returned function is called. */
  on<Type extends keyof Events>(type: Type, listener: Listener<Events[Type]>): () => void {
    let listeners = this.#listeners.get(type);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(type, listeners);
    }
    // Wrapped, so that one function added twice is two subscriptions.
    const own: Listener<Events[Type]> = (event) => listener(event);
    listeners.add(own);
    return () => listeners.delete(own);
  }

  emit<Type extends keyof Events>(type: Type, event: Events[Type]): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])] as Listener<Events[Type]>[]) {
      try {
        listener(event);
      } catch (error) {
        // Thrown where the page's or process's own handler of stray errors sees it.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

import type { Logger } from 'pino';
import type { LeaseStore } from '../runtime/leases.ts';
import type { Runtime } from '../runtime/runtime.ts';

export interface HeldLeasesOptions {
  readonly store: LeaseStore;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** All that may be held, in order of preference. */
  readonly names: readonly string[];
  readonly holder: string;
  readonly ttlMs: number;
  readonly renewMs: number;
  /** The set of held leases has changed. */
  readonly onChange: (held: readonly string[]) => void;
}

/**
 * Takes whichever of the named leases are free and keeps them while it lives. One that could not be prolonged in
 * time (another holder, an unreachable store) is given up before it runs out. Holding one is an economy, not a
 * guarantee: what is done under it must be harmless twice.
 */
export class HeldLeases {
  readonly #options: HeldLeasesOptions;
  readonly #stopping = new AbortController();
  /** Monotonic ms until which each is certainly ours. */
  readonly #heldUntilMs = new Map<string, number>();
  #loop: Promise<void> | undefined;

  constructor(options: HeldLeasesOptions) {
    this.#options = options;
  }

  /** The leases that are certainly held now. */
  get held(): readonly string[] {
    const nowMs = this.#options.runtime.clock.monotonicMs();
    return this.#options.names.filter((name) => (this.#heldUntilMs.get(name) ?? 0) > nowMs);
  }

  start(): void {
    this.#loop ??= this.#keep();
  }

  /** Gives everything back, so that others need not wait. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    const { store, holder } = this.#options;
    for (const name of this.#heldUntilMs.keys()) {
      await store.release(name, holder).catch((error: unknown) => {
        this.#options.logger.warn(
          { err: error, lease: name },
          'could not release a lease; it runs out by itself',
        );
      });
    }
    this.#heldUntilMs.clear();
  }

  async #keep(): Promise<void> {
    const { runtime, renewMs, onChange } = this.#options;
    let known = '';
    while (!this.#stopping.signal.aborted) {
      await this.#acquireAll();
      const held = this.held;
      if (held.join() !== known) {
        known = held.join();
        onChange(held);
      }
      await runtime.timers.sleep(renewMs, this.#stopping.signal);
    }
  }

  async #acquireAll(): Promise<void> {
    const { store, runtime, logger, names, holder, ttlMs } = this.#options;
    for (const name of names) {
      if (this.#stopping.signal.aborted) return;
      // The store's term begins after this moment, so it cannot end before ours.
      const askedMs = runtime.clock.monotonicMs();
      try {
        if (await store.acquire(name, holder, ttlMs)) this.#heldUntilMs.set(name, askedMs + ttlMs);
        else this.#heldUntilMs.delete(name);
      } catch (error) {
        logger.warn({ err: error, lease: name }, 'could not ask for a lease');
      }
    }
  }
}

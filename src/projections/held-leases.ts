import type { Logger } from 'pino';
import type { SharedLeaseStore } from '../runtime/leases.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { fairShare } from './fair-share.ts';

export interface HeldLeasesOptions {
  readonly store: SharedLeaseStore;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** What the leases are for. They are named `group/0`, `group/1` and so on. */
  readonly group: string;
  /** How many there are. Asked at every renewal. */
  readonly count: () => Promise<number>;
  /** Different from everybody else's. */
  readonly holder: string;
  readonly ttlMs: number;
  readonly renewMs: number;
  readonly retryMs: number;
  /** The set of held leases has changed. What is no longer held is given to others when this has settled. */
  readonly onChange: () => void | Promise<void>;
}

/*
 * All holders of a group share its leases out evenly. At every renewal each says that it is there, by a lease of its
 * own that nobody else wants, sees who else is, and computes who should have what (fair-share.ts):
 *
 *   due to it, free           taken
 *   due to it, another's      asked for again and again, until that one gives it up or is dead
 *   held, due to another      given up: first the work under it ends, then the lease is released
 *   held, due to it           prolonged
 *
 * Who does not know who is there (an unreachable store) only prolongs what it has. One that could not be prolonged
 * in time is given up before it runs out. Holding one is an economy, not a guarantee: what is done under it must be
 * harmless twice.
 */
export class HeldLeases {
  readonly #options: HeldLeasesOptions;
  readonly #stopping = new AbortController();
  /** Monotonic ms until which each is certainly ours. */
  readonly #heldUntilMs = new Map<number, number>();
  /** Due to another by now: not used any more, not yet released. */
  readonly #leaving = new Set<number>();
  #due: readonly number[] = [];
  #loop: Promise<void> | undefined;

  constructor(options: HeldLeasesOptions) {
    this.#options = options;
  }

  /** The numbers of the leases that are certainly held now, in order. */
  get held(): readonly number[] {
    const nowMs = this.#options.runtime.clock.monotonicMs();
    return [...this.#heldUntilMs]
      .filter(([number, untilMs]) => untilMs > nowMs && !this.#leaving.has(number))
      .map(([number]) => number)
      .sort((one, other) => one - other);
  }

  start(): void {
    this.#loop ??= this.#keep();
  }

  /** Gives everything back, so that others need not wait. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    for (const number of this.#heldUntilMs.keys())
      await this.#release(leaseName(this.#options.group, number));
    this.#heldUntilMs.clear();
    if (this.#loop !== undefined) await this.#release(this.#memberName);
  }

  async #keep(): Promise<void> {
    const { runtime, renewMs, retryMs } = this.#options;
    let known = '';
    while (!this.#stopping.signal.aborted) {
      await this.#decideWhatIsDue();
      await this.#acquireDue();
      const held = this.held;
      if (held.join() !== known || this.#leaving.size > 0) {
        known = held.join();
        await this.#tellAndGiveUp();
      }
      const isComplete = held.length === this.#due.length;
      await runtime.timers.sleep(isComplete ? renewMs : retryMs, this.#stopping.signal);
    }
  }

  async #decideWhatIsDue(): Promise<void> {
    const { store, logger, group, count, holder, ttlMs } = this.#options;
    try {
      await store.acquire(this.#memberName, holder, ttlMs);
      const [leases, total] = await Promise.all([store.list(memberPrefix(group)), count()]);
      const names = Array.from({ length: total }, (_, number) => leaseName(group, number));
      const members = [holder, ...leases.map((lease) => lease.holder)];
      this.#due = fairShare(names, members, holder).flatMap((name) => numberOfLease(group, name) ?? []);
    } catch (error) {
      logger.warn({ err: error, group }, 'could not ask who shares the leases');
      this.#due = this.#due.filter((number) => this.#heldUntilMs.has(number));
    }
    for (const number of this.#heldUntilMs.keys()) if (!this.#due.includes(number)) this.#leaving.add(number);
  }

  async #acquireDue(): Promise<void> {
    const { store, runtime, logger, group, holder, ttlMs } = this.#options;
    for (const number of this.#due) {
      if (this.#stopping.signal.aborted) return;
      // The store's term begins after this moment, so it cannot end before ours.
      const askedMs = runtime.clock.monotonicMs();
      const name = leaseName(group, number);
      try {
        if (await store.acquire(name, holder, ttlMs)) this.#heldUntilMs.set(number, askedMs + ttlMs);
        else this.#heldUntilMs.delete(number);
      } catch (error) {
        logger.warn({ err: error, lease: name }, 'could not ask for a lease');
      }
    }
  }

  /** The work that has to end is not waited for beyond the next renewal, which the other leases need. */
  async #tellAndGiveUp(): Promise<void> {
    const { runtime, renewMs, group } = this.#options;
    const isOver = new AbortController();
    await Promise.race([this.#workEnded(), runtime.timers.sleep(renewMs, isOver.signal)]);
    isOver.abort();
    for (const number of this.#leaving) {
      this.#heldUntilMs.delete(number);
      await this.#release(leaseName(group, number));
    }
    this.#leaving.clear();
  }

  /** Never rejects: work that failed has ended too, and whoever does it knows. */
  async #workEnded(): Promise<void> {
    const { onChange, logger, group } = this.#options;
    try {
      await onChange();
    } catch (error) {
      logger.debug({ err: error, group }, 'the work under a lease that was given up has failed');
    }
  }

  async #release(name: string): Promise<void> {
    const { store, holder, logger } = this.#options;
    await store.release(name, holder).catch((error: unknown) => {
      logger.warn({ err: error, lease: name }, 'could not release a lease; it runs out by itself');
    });
  }

  get #memberName(): string {
    return `${memberPrefix(this.#options.group)}${this.#options.holder}`;
  }
}

function leaseName(group: string, number: number): string {
  return `${group}/${number}`;
}

/** The number in the name of one of a group's leases; `undefined` for the name of a member. */
export function numberOfLease(group: string, name: string): number | undefined {
  const number = Number(name.slice(group.length + 1));
  return Number.isSafeInteger(number) ? number : undefined;
}

function memberPrefix(group: string): string {
  return `${group}/member/`;
}

import type { Decider } from '../domain/decider.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { LoadedAggregate } from './loaded-aggregate.ts';
import type { MailboxScope } from './mailbox-scope.ts';
import { nextTick } from './mailbox-scope.ts';

/** One stream's aggregate in memory, brought up to date as often as someone needs it newer. */
export class NewestAggregate<State, Event extends DomainEvent> {
  readonly #stream: string;
  readonly #decider: Decider<State, never, Event>;
  readonly #scope: MailboxScope;
  #aggregate: LoadedAggregate<State, Event> | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(stream: string, decider: Decider<State, never, Event>, scope: MailboxScope) {
    this.#stream = stream;
    this.#decider = decider;
    this.#scope = scope;
  }

  /** What is in memory, however old. */
  get current(): LoadedAggregate<State, Event> | undefined {
    return this.#aggregate;
  }

  get isRefreshing(): boolean {
    return this.#refreshing !== undefined;
  }

  /** After a fault nothing in memory is believed. */
  forget(): void {
    this.#aggregate = undefined;
  }

  /** The aggregate once it is new enough; one read serves all who wait. Throws `EventLogUnavailable`. */
  async proven(
    isEnough: (aggregate: LoadedAggregate<State, Event>) => boolean,
  ): Promise<LoadedAggregate<State, Event>> {
    for (;;) {
      const aggregate = this.#aggregate;
      if (aggregate !== undefined && isEnough(aggregate)) return aggregate;
      // A refresh that began too early to be enough is waited for, and followed by another.
      this.#refreshing ??= this.#refresh().finally(() => {
        this.#refreshing = undefined;
      });
      await this.#refreshing;
    }
  }

  async #refresh(): Promise<void> {
    const { loader, runtime } = this.#scope;
    const proof = { atMs: runtime.clock.monotonicMs(), tick: nextTick(this.#scope) };
    let aggregate = this.#aggregate;
    if (aggregate === undefined || !(await loader.catchUp(this.#stream, aggregate))) {
      aggregate = await loader.load<State, Event>(this.#stream, this.#decider);
      this.#aggregate = aggregate;
    }
    aggregate.proven(proof);
    loader.snapshotWhenDue(this.#stream, this.#decider, aggregate);
  }
}

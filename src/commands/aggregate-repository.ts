import type { Decider } from '../domain/decider.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { AcceptedEvent, CommandEnvelope, CommandOutcome } from './command-envelope.ts';
import type { Position } from './event-log.ts';
import { eventOf } from './loaded-aggregate.ts';
import { Mailbox } from './mailbox.ts';
import type { MailboxScope } from './mailbox-scope.ts';

export interface CacheBounds {
  readonly cachedAggregatesMax: number;
  readonly cachedAggregateIdleMs: number;
}

/** An aggregate as others may see it. */
export interface AggregateView<State> {
  readonly state: State;
  /** -1: the stream does not exist. */
  readonly revision: number;
  readonly position: Position;
}

/** All aggregates of one kind: a mailbox for each stream in use, the least recently used of them forgotten. */
export class AggregateRepository<State, Command, Event extends DomainEvent> {
  readonly #decider: Decider<State, Command, Event>;
  readonly #scope: MailboxScope;
  readonly #bounds: CacheBounds;
  /** The least recently used first. */
  readonly #entries = new Map<
    string,
    { readonly mailbox: Mailbox<State, Command, Event>; readonly usedAtMs: number }
  >();

  constructor(decider: Decider<State, Command, Event>, scope: MailboxScope, bounds: CacheBounds) {
    this.#decider = decider;
    this.#scope = scope;
    this.#bounds = bounds;
  }

  /** Decides and appends, together with whatever else is waiting for the stream. Never rejects. */
  execute(stream: string, envelope: CommandEnvelope<Command>): Promise<CommandOutcome<State, Event>> {
    return this.#mailbox(stream).submit(envelope);
  }

  /**
   * The aggregate as it was no longer than `maxAgeMs` ago: for preconditions that another stream holds, and for
   * what never changes. Throws `EventLogUnavailable`.
   */
  async load(stream: string, { maxAgeMs }: { readonly maxAgeMs: number }): Promise<AggregateView<State>> {
    const { state, revision, position } = await this.#mailbox(stream).read(maxAgeMs);
    return { state, revision, position };
  }

  /** One event of a stream; `undefined` when there is none. Throws `EventLogUnavailable`. */
  async eventAt(stream: string, revision: number): Promise<Event | undefined> {
    const accepted = await this.acceptedAt(stream, revision);
    return accepted?.event;
  }

  /** As `eventAt`, with where and when it was accepted. */
  async acceptedAt(stream: string, revision: number): Promise<AcceptedEvent<Event> | undefined> {
    for await (const recorded of this.#scope.eventLog.readStream(stream, { from: revision, maxCount: 1 })) {
      const { id: eventId, position, metadata } = recorded;
      return { event: eventOf<Event>(recorded), eventId, revision, position, timeMs: metadata.timeMs };
    }
    return undefined;
  }

  get cachedCount(): number {
    return this.#entries.size;
  }

  #mailbox(stream: string): Mailbox<State, Command, Event> {
    const usedAtMs = this.#scope.runtime.clock.monotonicMs();
    const known = this.#entries.get(stream);
    const mailbox = known?.mailbox ?? new Mailbox(stream, this.#decider, this.#scope);
    if (known !== undefined) this.#entries.delete(stream);
    else this.#makeRoom(usedAtMs);
    this.#entries.set(stream, { mailbox, usedAtMs });
    return mailbox;
  }

  /** Busy mailboxes stay, beyond the bound if need be: the bound on pending commands bounds them, too. */
  #makeRoom(nowMs: number): void {
    const { cachedAggregatesMax, cachedAggregateIdleMs } = this.#bounds;
    for (const [stream, { mailbox, usedAtMs }] of this.#entries) {
      const tooMany = this.#entries.size >= cachedAggregatesMax;
      if (!tooMany && nowMs - usedAtMs < cachedAggregateIdleMs) return;
      if (mailbox.isIdle) this.#entries.delete(stream);
    }
  }
}

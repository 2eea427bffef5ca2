import { expect } from 'vitest';
import type { Decider, Decision, EventContext } from '../../src/domain/decider.ts';
import type { ErrorCode } from '../../src/domain/error-codes.ts';

/** When a specification's history happens, unless it says otherwise: 2026-01-01T00:00:00Z. */
export const startMs = Date.UTC(2026, 0, 1);

/**
 * Specifications of a decider:
 *
 *     specification(walletDecider).given([deposited(100)]).when(withdraw(30)).then([withdrew(30)]);
 *     specification(walletDecider).given([]).when(withdraw(30)).thenRejected('insufficient-funds');
 *
 * Every `when` is decided twice, on the folded state and on one that went through a snapshot as JSON, and both
 * must come out the same: so each specification also tests the snapshot.
 */
export function specification<State, Command, Event>(
  decider: Decider<State, Command, Event>,
): Specification<State, Command, Event> {
  return history(decider, decider.initialState, { revision: -1, timeMs: startMs });
}

export interface Specification<State, Command, Event> {
  /** Adds events to the history, all at `atMs` (default: the time of those before). */
  given(events: readonly Event[], atMs?: number): Specification<State, Command, Event>;
  /** Decides at `nowMs` (default: the time of the last event). */
  when(command: Command, nowMs?: number): Outcome<State, Command, Event>;
  readonly state: State;
}

export interface Outcome<State, Command, Event> {
  /** Accepted, with exactly these events. Goes on with them as history. */
  then(events: readonly Event[]): Specification<State, Command, Event>;
  /** Accepted; the events are for the caller to look at. */
  thenAccepted(): { readonly events: readonly Event[]; readonly next: Specification<State, Command, Event> };
  /** Accepted without an event: it has been done already. */
  thenNothing(): void;
  thenRejected(code: ErrorCode): void;
}

function history<State, Command, Event>(
  decider: Decider<State, Command, Event>,
  state: State,
  last: EventContext,
): Specification<State, Command, Event> {
  return {
    state,
    given(events, atMs = last.timeMs) {
      let folded = state;
      let revision = last.revision;
      for (const event of events) {
        revision += 1;
        folded = decider.evolve(folded, event, { revision, timeMs: atMs });
      }
      return history(decider, folded, { revision, timeMs: atMs });
    },
    when(command, nowMs = last.timeMs) {
      const context = { nowMs, nextRevision: last.revision + 1 };
      const decision = decider.decide(command, state, context);
      const restored = decider.fromSnapshot(JSON.parse(JSON.stringify(decider.toSnapshot(state))));
      expect(decider.decide(command, restored, context), 'after a snapshot').toEqual(decision);
      return outcome(decision, (events) => history(decider, state, last).given(events, nowMs));
    },
  };
}

function outcome<State, Command, Event>(
  decision: Decision<Event>,
  goOn: (events: readonly Event[]) => Specification<State, Command, Event>,
): Outcome<State, Command, Event> {
  return {
    // biome-ignore lint/suspicious/noThenProperty: it is what the notation is named after; nobody awaits it.
    then(events) {
      expect(decision).toEqual({ kind: 'accepted', events });
      return goOn(events);
    },
    thenAccepted() {
      if (decision.kind === 'rejected') throw new Error(`Rejected: ${decision.rejection.code}`);
      return { events: decision.events, next: goOn(decision.events) };
    },
    thenNothing() {
      expect(decision).toEqual({ kind: 'accepted', events: [] });
    },
    thenRejected(code) {
      expect(decision).toMatchObject({ kind: 'rejected', rejection: { code } });
    },
  };
}

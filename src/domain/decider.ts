import type { ErrorCode } from './error-codes.ts';

/**
 * An aggregate's rules: pure, without IO, clock or randomness, which come in as arguments.
 *
 * States are immutable plain data (large keyed collections are persistent maps of the `immutable` package), and
 * `toSnapshot` / `fromSnapshot` turn one into JSON and back.
 *
 * The shape is the decider of functional event sourcing (Chassaing 2021): decide, evolve, initial state.
 */
export interface Decider<State, Command, Event> {
  readonly initialState: State;
  /** What should happen, given what has happened. Total: every command in every state gets an answer. */
  decide(command: Command, state: State, context: DecideContext): Decision<Event>;
  /** The state after an event that has happened. Never refuses. */
  evolve(state: State, event: Event, at: EventContext): State;
  /** Whether no later event can turn a rejection into anything else: it may be answered from a cache. */
  isTerminal(state: State): boolean;
  /** Bump when the fold's meaning changes: snapshots of another version are thrown away. */
  readonly foldVersion: number;
  /**
   * About how many bytes of memory the state's collections take, from their sizes alone: what a cache of many
   * states counts by. Cheap, and rather too much than too little.
   */
  stateBytes(state: State): number;
  toSnapshot(state: State): unknown;
  fromSnapshot(json: unknown): State;
}

export interface DecideContext {
  /** max(wall clock, the stream's last event's time), ms. */
  readonly nowMs: number;
  /** The revision that the first event of this decision would get. */
  readonly nextRevision: number;
}

export interface EventContext {
  readonly revision: number;
  readonly timeMs: number;
}

export type Decision<Event> =
  | { readonly kind: 'accepted'; readonly events: readonly Event[] }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

/** A refusal: a value with a stable code from the registry, not an exception. */
export interface Rejection {
  readonly code: ErrorCode;
  /** For people, in English. Never holds secrets or another user's data. */
  readonly message: string;
}

export function accept<Event>(...events: readonly Event[]): Decision<Event> {
  return { kind: 'accepted', events };
}

export function reject(code: ErrorCode, message: string): Decision<never> {
  return refuse(rejection(code, message));
}

/** A refusal that a rule has found already. */
export function refuse(found: Rejection): Decision<never> {
  return { kind: 'rejected', rejection: found };
}

export function rejection(code: ErrorCode, message: string): Rejection {
  return { code, message };
}

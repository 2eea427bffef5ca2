import type { Rejection } from '../domain/decider.ts';
import type { CommandOutcome } from './command-envelope.ts';
import type { Done, Outcome } from './requests.ts';

type Accepted<State, Event> = Extract<CommandOutcome<State, Event>, { readonly kind: 'accepted' }>;

/** A command's outcome as its user sees it. */
export function outcomeOf<State, Event, Answer>(
  outcome: CommandOutcome<State, Event>,
  answer: (accepted: Accepted<State, Event>) => Answer,
): Outcome<Answer> {
  switch (outcome.kind) {
    case 'accepted':
      return { kind: 'accepted', answer: answer(outcome), position: outcome.position };
    case 'rejected':
      return rejected(outcome.rejection);
    case 'busy':
    case 'unknown':
      return outcome;
  }
}

/** For requests that answer nothing but that they are done. */
export function doneOf<State, Event>(outcome: CommandOutcome<State, Event>): Outcome<Done> {
  return outcomeOf(outcome, () => ({}));
}

export function rejected({ code, message }: Rejection): Outcome<never> {
  return { kind: 'rejected', code, message };
}

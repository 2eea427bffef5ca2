import type { Rejection } from '../domain/decider.ts';
import type { Position } from './event-log.ts';

/** A command on its way to a stream, with who sent it and how it is told from others. */
export interface CommandEnvelope<Command> {
  readonly command: Command;
  /** The same id with the same body is the same command, and gets the first answer. */
  readonly commandId: string;
  readonly bodyHash: string;
  /** A user id, or `system:<part>`. */
  readonly actor: string;
  readonly correlationId: string;
  /** The request or event that this command comes from. */
  readonly causationId: string;
  /** Its sender says that it may have been here before: beyond the recent commands the history is asked. */
  readonly retry?: boolean;
  /**
   * Why a precondition in another stream refuses this. It goes through the mailbox all the same, because an
   * earlier acceptance of the same command outranks it.
   */
  readonly refusal?: Rejection | undefined;
  /**
   * Where in the log the command's cause stands: the command cannot have been accepted before that. With it, a
   * command that is not among the recent ones is searched for in the stream back to there: it then happens once,
   * however late it is repeated.
   */
  readonly onceAfter?: Position;
}

/** An event of an accepted command. */
export interface AcceptedEvent<Event> {
  readonly event: Event;
  readonly eventId: string;
  readonly revision: number;
  readonly timeMs: number;
  /** Its position in the log or, when it was appended just now, that of the last event appended with it. */
  readonly position: Position;
}

export type CommandOutcome<State, Event> =
  | {
      readonly kind: 'accepted';
      /** What it caused, now or the first time; empty when there was nothing to do. */
      readonly events: readonly AcceptedEvent<Event>[];
      /** After these events, or later when the answer is an earlier one. */
      readonly state: State;
      /** The stream's last revision that `state` includes. */
      readonly revision: number;
      readonly position: Position;
      /** Whether it had been accepted before. */
      readonly repeated: boolean;
    }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  | { readonly kind: 'busy'; readonly retryAfterMs: number }
  | { readonly kind: 'unknown' };

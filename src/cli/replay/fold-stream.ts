import type { EventLog, Position, RecordedEvent } from '../../commands/event-log.ts';
import type { Decider } from '../../domain/decider.ts';
import type { DomainEvent } from '../../domain/events.ts';
import { UnknownEvent, upcast } from '../../domain/upcast.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { hasHappened, type Moment } from './moment.ts';

/** Where an event stands. */
export interface Place {
  readonly revision: number;
  readonly position: Position;
  readonly timeMs: number;
}

/** A stream as it was. */
export interface FoldedStream<State> {
  readonly state: State;
  /** Its last event by then; `undefined`: it had none. */
  readonly last: Place | undefined;
  /** Its first event after that. */
  readonly next: Place | undefined;
}

/**
 * The state of an aggregate at a moment: its own `evolve` over its stream from the start, and nothing else.
 * `observe` gets the same events, for what a view shows beside the state that decisions need.
 *
 * Throws as the log's reads do, and `CliError` for an event that this version does not know.
 */
export async function foldStream<State, Event extends DomainEvent>(
  log: EventLog,
  stream: string,
  decider: Pick<Decider<State, never, Event>, 'initialState' | 'evolve'>,
  moment: Moment,
  observe: (event: Event, place: Place) => void = () => {},
): Promise<FoldedStream<State>> {
  let state = decider.initialState;
  let last: Place | undefined;
  for await (const recorded of log.readStream(stream)) {
    const place = placeOf(recorded);
    if (!hasHappened(moment, recorded)) return { state, last, next: place };
    const event = known(recorded) as Event;
    state = decider.evolve(state, event, place);
    observe(event, place);
    last = place;
  }
  return { state, last, next: undefined };
}

function placeOf({ revision, position, metadata }: RecordedEvent): Place {
  return { revision, position, timeMs: metadata.timeMs };
}

function known({ type, metadata, data, stream, revision }: RecordedEvent): DomainEvent {
  try {
    return upcast(type, metadata.schemaVersion, data);
  } catch (error) {
    if (!(error instanceof UnknownEvent)) throw error;
    throw new CliError(`${stream}@${revision}: ${error.message}`, exitCodes.unavailable);
  }
}

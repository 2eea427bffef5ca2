import type { Decider } from '../domain/decider.ts';
import type { DomainEvent } from '../domain/events.ts';
import { upcast } from '../domain/upcast.ts';
import type { Position, RecordedEvent } from './event-log.ts';
import { START } from './event-log.ts';
import type { RecentCommandsBounds } from './recent-commands.ts';
import { RecentCommands } from './recent-commands.ts';
import type { Snapshot } from './snapshots.ts';

/** When a read or an append began that proved an aggregate to be its stream's newest state. */
export interface Proof {
  readonly atMs: number;
  /** Orders proofs and arrivals that the clock cannot tell apart. */
  readonly tick: number;
}

/** An aggregate in memory: the fold of its stream so far, and the commands that it accepted lately. */
export class LoadedAggregate<State, Event extends DomainEvent> {
  readonly #decider: Decider<State, never, Event>;
  readonly recent: RecentCommands;
  state: State;
  /** -1: the stream does not exist. */
  revision = -1;
  lastEventId = '';
  lastTimeMs = 0;
  position: Position = START;
  proof: Proof = { atMs: Number.NEGATIVE_INFINITY, tick: -1 };
  eventsSinceSnapshot = 0;

  constructor(decider: Decider<State, never, Event>, bounds: RecentCommandsBounds, snapshot?: Snapshot) {
    this.#decider = decider;
    if (snapshot === undefined) {
      this.state = decider.initialState;
      this.recent = new RecentCommands(bounds);
      return;
    }
    const { state, recentCommands } = snapshot.body;
    this.state = decider.fromSnapshot(state);
    this.recent = new RecentCommands(bounds, recentCommands);
    this.revision = snapshot.revision;
    this.lastEventId = snapshot.lastEventId;
  }

  /** About how many bytes of memory it takes beside what every aggregate does. */
  get heldBytes(): number {
    return this.recent.heldBytes + this.#decider.stateBytes(this.state);
  }

  /** Folds in the stream's next event; one that is known already is passed over. */
  apply(recorded: RecordedEvent): void {
    if (recorded.revision <= this.revision) return;
    if (recorded.revision !== this.revision + 1) {
      throw new Error(
        `${recorded.stream}: event ${recorded.revision} came where ${this.revision + 1} should stand`,
      );
    }
    const event = eventOf<Event>(recorded);
    const { timeMs } = recorded.metadata;
    this.state = this.#decider.evolve(this.state, event, { revision: recorded.revision, timeMs });
    this.recent.note(recorded);
    this.eventsSinceSnapshot += 1;
    this.#moveTo(recorded);
  }

  /** Completes what a snapshot does not hold from the event that it was taken at. */
  confirm(recorded: RecordedEvent): void {
    this.#moveTo(recorded);
  }

  proven(proof: Proof): void {
    if (proof.tick > this.proof.tick) this.proof = proof;
  }

  #moveTo({ revision, id, metadata, position }: RecordedEvent): void {
    this.revision = revision;
    this.lastEventId = id;
    this.lastTimeMs = Math.max(this.lastTimeMs, metadata.timeMs);
    this.position = position;
  }
}

/** A stream's event in its newest shape. Which events a stream holds is settled by its name. */
export function eventOf<Event extends DomainEvent>(recorded: RecordedEvent): Event {
  return upcast(recorded.type, recorded.metadata.schemaVersion, recorded.data) as Event;
}

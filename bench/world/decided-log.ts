import type { EventLog, NewEvent } from '../../src/commands/event-log.ts';
import type { Decider } from '../../src/domain/decider.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { inParallel } from '../harness/in-parallel.ts';

/** Streams that are written at once. */
const streamsAtOnce = 64;
/** What one append holds at most. */
const appendEventsMax = 200;
/**
 * Writes a log by the rules: every event is what an aggregate decided. Events are gathered and go out stream by
 * stream, so the order within a stream is that of the decisions, and the order between streams about so.
 */
export class DecidedLog {
  readonly #log: Pick<EventLog, 'append'>;
  readonly #gatheredEventsMax: number;
  readonly #states = new Map<string, { readonly state: unknown; readonly revision: number }>();
  #gathered = new Map<string, NewEvent[]>();
  #gatheredEvents = 0;
  /** All events so far. */
  events = 0;
  nowMs: number;

  /** So many events are gathered before they are to be written. */
  constructor(log: Pick<EventLog, 'append'>, startMs: number, gatheredEventsMax: number) {
    this.#log = log;
    this.nowMs = startMs;
    this.#gatheredEventsMax = gatheredEventsMax;
  }

  get isFull(): boolean {
    return this.#gatheredEvents >= this.#gatheredEventsMax;
  }

  /** Offers a command to a stream's aggregate; answers what it decided, nothing when it refused. */
  decide<State, Command, Event extends DomainEvent>(
    stream: string,
    { initialState, decide, evolve }: Decider<State, Command, Event>,
    command: Command,
    actor: string,
  ): readonly Event[] {
    const known = this.#states.get(stream) ?? { state: initialState, revision: -1 };
    const context = { nowMs: this.nowMs, nextRevision: known.revision + 1 };
    const decision = decide(command, known.state as State, context);
    if (decision.kind === 'rejected') return [];
    let state = known.state as State;
    let revision = known.revision;
    for (const event of decision.events) {
      revision += 1;
      state = evolve(state, event, { revision, timeMs: this.nowMs });
    }
    this.#states.set(stream, { state, revision });
    this.add(stream, decision.events, actor);
    return decision.events;
  }

  /** The seq of a stream's newest event; 0 for none. */
  headSeq(stream: string): number {
    return (this.#states.get(stream)?.revision ?? -1) + 1;
  }

  /** Adds the events of one command as they are. */
  add(stream: string, events: readonly DomainEvent[], actor: string): void {
    if (events.length === 0) return;
    const commandId = this.#id();
    const bodyHash = commandId.replaceAll('-', '').padEnd(64, '0');
    const gathered = this.#gathered.get(stream) ?? [];
    this.#gathered.set(stream, gathered);
    for (const { type, data } of events) {
      this.events += 1;
      this.#gatheredEvents += 1;
      const metadata = {
        $correlationId: commandId,
        $causationId: commandId,
        actor,
        commandId,
        bodyHash,
        timeMs: this.nowMs,
        schemaVersion: 1,
      };
      gathered.push({ id: this.#id(), type, data, metadata });
    }
  }

  /** Appends what is gathered. */
  async flush(): Promise<void> {
    const streams = [...this.#gathered];
    this.#gathered = new Map();
    this.#gatheredEvents = 0;
    await inParallel(streams.length, streamsAtOnce, async (index) => {
      const [stream, events] = streams[index] ?? ['', []];
      for (let from = 0; from < events.length; from += appendEventsMax) {
        const result = await this.#log.append(stream, 'any', events.slice(from, from + appendEventsMax));
        if (result.kind !== 'appended') throw new Error(`append to ${stream}: ${JSON.stringify(result)}`);
      }
    });
  }

  #ids = 0;

  /** UUIDs of version 7 by their time, and the same in every run. */
  #id(): string {
    this.#ids += 1;
    const time = this.nowMs.toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${this.#ids.toString(16).padStart(12, '0')}`;
  }
}

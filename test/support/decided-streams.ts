import type { Decider, Decision } from '../../src/domain/decider.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import type { AuditedEvent } from '../../src/domain/ledger/audited-event.ts';

interface Stream<State> {
  state: State;
  revision: number;
  lastTimeMs: number;
}

/** One aggregate's streams over a shared log in memory: what the write side does, without any of its troubles. */
export interface DecidedStreams<State, Command, Event> {
  decide(stream: string, command: Command, nowMs: number): Decision<Event>;
  state(stream: string): State;
}

export function decidedStreams<State, Command, Event extends DomainEvent>(
  decider: Decider<State, Command, Event>,
  log: AuditedEvent[],
): DecidedStreams<State, Command, Event> {
  const streams = new Map<string, Stream<State>>();
  const open = (stream: string): Stream<State> => {
    const known = streams.get(stream);
    if (known !== undefined) return known;
    const fresh = { state: decider.initialState, revision: -1, lastTimeMs: 0 };
    streams.set(stream, fresh);
    return fresh;
  };
  return {
    decide(stream, command, clockMs) {
      const at = open(stream);
      const nowMs = Math.max(clockMs, at.lastTimeMs);
      const decision = decider.decide(command, at.state, { nowMs, nextRevision: at.revision + 1 });
      const events = decision.kind === 'accepted' ? decision.events : [];
      for (const event of events) {
        at.revision += 1;
        at.lastTimeMs = nowMs;
        at.state = decider.evolve(at.state, event, { revision: at.revision, timeMs: nowMs });
        log.push({ position: BigInt(log.length), stream, revision: at.revision, timeMs: nowMs, event });
      }
      return decision;
    },
    state: (stream) => open(stream).state,
  };
}

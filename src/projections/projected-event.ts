import type { Position, RecordedEvent } from '../commands/event-log.ts';
import type { DomainEvent, EventMetadata } from '../domain/events.ts';
import { upcast } from '../domain/upcast.ts';

/** An event in its newest shape, with its place in the log: what projections fold. */
export type ProjectedEvent = DomainEvent & EventPlace;

export interface EventPlace {
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  /** When it was decided, ms since the epoch. */
  readonly timeMs: number;
  readonly metadata: EventMetadata;
}

/** Brings a recorded event into its newest shape. Throws for one that no upcaster knows. */
export function toProjected(recorded: RecordedEvent): ProjectedEvent {
  const { stream, revision, position, metadata } = recorded;
  return {
    ...upcast(recorded.type, metadata.schemaVersion, recorded.data),
    stream,
    revision,
    position,
    timeMs: metadata.timeMs,
    metadata,
  };
}

/** The part of a stream's name after its category: the id of what it is about. */
export function streamKey(stream: string): string {
  return stream.slice(stream.indexOf('-') + 1);
}

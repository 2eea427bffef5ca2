import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../../src/commands/event-log.ts';
import type { DomainEvent, EventMetadata } from '../../src/domain/events.ts';
import { schemaVersionOf } from '../../src/domain/upcast.ts';

/** An event with a fresh id, and metadata as every event of ours has it. */
export function anEvent(data: unknown = {}, type = 'SomethingHappened'): NewEvent {
  return {
    id: randomUUID(),
    type,
    data,
    metadata: {
      $correlationId: randomUUID(),
      $causationId: randomUUID(),
      actor: 'system:test',
      commandId: randomUUID(),
      bodyHash: '00',
      timeMs: 1_700_000_000_000,
      schemaVersion: 1,
    },
  };
}

/** An event of ours, with what is given of its metadata. */
export function aDomainEvent({ type, data }: DomainEvent, metadata: Partial<EventMetadata> = {}): NewEvent {
  const event = anEvent(data, type);
  return { ...event, metadata: { ...event.metadata, schemaVersion: schemaVersionOf(type), ...metadata } };
}

import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../../src/commands/event-log.ts';

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

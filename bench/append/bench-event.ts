import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../../src/commands/event-log.ts';

/** About the size of an event of a sealed chat message. */
const dataBytes = 300;
const text = 'x'.repeat(dataBytes);

export function benchEvent(): NewEvent {
  const id = randomUUID();
  return {
    id,
    type: 'MessageSent',
    data: { text },
    metadata: {
      $correlationId: id,
      $causationId: id,
      actor: id,
      commandId: id,
      bodyHash: id,
      timeMs: 1_767_225_600_000,
      schemaVersion: 1,
    },
  };
}

import type { EventLog, RecordedEvent } from '../../src/commands/event-log.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { schemaVersionOf } from '../../src/domain/upcast.ts';
import { uuid } from './domain-fixtures.ts';
import { startMs } from './given-when-then.ts';

/** An event where somebody put it. Its revision is the stream's next one, unless it says another. */
export interface Planted {
  readonly stream: string;
  readonly event: DomainEvent;
  readonly timeMs?: number;
  readonly revision?: number;
}

/** The events as a log would hold them that lets everything pass. Positions are 0, 10, 20 ... */
export function recordedEvents(planted: readonly Planted[]): readonly RecordedEvent[] {
  const revisions = new Map<string, number>();
  return planted.map(({ stream, event, timeMs = startMs, revision: given }, index) => {
    const revision = given ?? (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    const id = uuid(0x9000_0000 + index);
    return {
      id,
      stream,
      revision,
      position: BigInt(index * 10),
      type: event.type,
      data: event.data,
      metadata: {
        $correlationId: id,
        $causationId: id,
        actor: 'system:test',
        commandId: id,
        bodyHash: '',
        timeMs,
        schemaVersion: schemaVersionOf(event.type),
      },
    };
  });
}

/** A log of events that no store would have taken as they are: for reading only. */
export function recordedLog(events: readonly RecordedEvent[]): EventLog {
  const refuse = (): never => {
    throw new Error('This log is for reading from its start to its end.');
  };
  return {
    async *readAll() {
      yield* events;
    },
    async *readStream(name, { from = 0 } = {}) {
      yield* events.filter(({ stream, revision }) => stream === name && revision >= from);
    },
    head: async () => events.at(-1)?.position ?? -1n,
    append: refuse,
    subscribe: refuse,
    close: async () => undefined,
  };
}

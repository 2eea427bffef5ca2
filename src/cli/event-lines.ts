import type { RecordedEvent } from '../commands/event-log.ts';

/** One event as one JSON line; positions are strings because they exceed what JSON numbers hold exactly. */
export function eventAsJson(event: RecordedEvent): string {
  return JSON.stringify({
    position: event.position.toString(),
    stream: event.stream,
    revision: event.revision,
    id: event.id,
    type: event.type,
    data: event.data,
    metadata: event.metadata,
  });
}

/** One event as a line for people: position, time, place, what happened, and by whom. */
export function eventAsText(event: RecordedEvent): string {
  const time = new Date(event.metadata.timeMs).toISOString();
  const place = `${event.stream}@${event.revision}`;
  return `${event.position}  ${time}  ${place}  ${event.type} ${summary(event.data)}  by ${event.metadata.actor}`;
}

function summary(data: unknown): string {
  return JSON.stringify(data, (_key, value: unknown) =>
    isSealed(value) ? `(sealed for ${value.subject})` : value,
  );
}

/** Sealed text is shown as whose it is: the reader of a log has no key, and needs none. */
function isSealed(value: unknown): value is { readonly subject: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'box' in value &&
    'subject' in value &&
    typeof value.subject === 'string'
  );
}

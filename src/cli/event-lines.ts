import type { RecordedEvent } from '../commands/event-log.ts';

/** One event as one JSON line; positions are strings because they exceed what JSON numbers hold exactly. */
export function eventAsJson(event: RecordedEvent): string {
  return JSON.stringify({
    position: event.position.toString(),
    stream: event.stream,
    revision: event.revision,
    id: event.id,
    type: event.type,
    data: jsonData(event.data),
    metadata: event.metadata,
  });
}

/** One event as a line for people: position, time, place, what happened, and by whom. */
export function eventAsText({ position, stream, revision, type, data, metadata }: RecordedEvent): string {
  const time = timeText(metadata.timeMs);
  return printable(
    `${position}  ${time}  ${stream}@${revision}  ${type} ${summary(jsonData(data))}  by ${metadata.actor ?? '-'}`,
  );
}

/** A time for people and tables; a dash where an event of another program says none. */
export function timeText(timeMs: number | undefined): string {
  return timeMs === undefined ? '-' : new Date(timeMs).toISOString();
}

/** Data that is not JSON was written by another program, and is shown as Base64. */
export function jsonData(data: unknown): unknown {
  return data instanceof Uint8Array ? { base64: Buffer.from(data).toString('base64') } : data;
}

/** Sealed text is shown as whose it is: the reader of a log has no key, and needs none. */
export function sealedText({ subject }: { readonly subject: string }): string {
  return `(sealed for ${subject})`;
}

/** What a terminal would obey, escaped: a name or a reason in the log must not draw over the lines around it. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

function summary(data: unknown): string {
  return JSON.stringify(data, (_key, value: unknown) => (isSealed(value) ? sealedText(value) : value));
}

function isSealed(value: unknown): value is { readonly subject: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'box' in value &&
    'subject' in value &&
    typeof value.subject === 'string'
  );
}

/** Places in a group's source as text: a revision, or both of the log's positions, as EventStoreDB writes them. */
import type { StartFrom } from './group-settings.ts';

type Source = { readonly stream: string | undefined };

export function positionText({ stream }: Source, index: number): string {
  return stream === undefined ? `C:${index}/P:${index}` : String(index);
}

/** Undefined for what is no place in such a source. */
export function parsePosition({ stream }: Source, text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined;
  const digits = (stream === undefined ? /^C:(\d+)\/P:\d+$/ : /^(\d+)$/).exec(text)?.[1];
  const index = Number(digits);
  return Number.isSafeInteger(index) ? index : undefined;
}

/** Where a group was told to begin. The end is below every index. */
export function startFromText(source: Source, startFrom: StartFrom): string {
  if (startFrom === 'end') return positionText(source, -1);
  return positionText(source, startFrom === 'start' ? 0 : startFrom);
}

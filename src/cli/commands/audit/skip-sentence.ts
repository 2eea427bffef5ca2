import type { SkippedEvent } from '../../../domain/projection-skips.ts';

/** What a read model leaves out, and by whose decision. Holds an operator's own words: escape it. */
export function skipSentence(skip: SkippedEvent): string {
  const { projection, stream, revision, type, position, by, reason } = skip;
  return `${projection} skips ${stream}@${revision} (${type}, position ${position}), by ${by}: ${reason}`;
}

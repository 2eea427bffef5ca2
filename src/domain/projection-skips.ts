/**
 * On `projection-{name}`: which events a read model leaves out, by an operator's decision. The log says so, and not a
 * database, so that whoever fills the read model, today or from zero in a year, leaves out the same ones.
 */
export type ProjectionEvent =
  | { readonly type: 'EventSkipped'; readonly data: SkippedEvent }
  | { readonly type: 'SkipUndone'; readonly data: UndoneSkip };

/** An event, and why a projection leaves it out. Stream and revision name it: positions differ in a copied log. */
export interface SkippedEvent {
  readonly projection: string;
  /** The partition that it had stopped. */
  readonly partition: number;
  /** Where it stood in the log when it was skipped; a decimal number. */
  readonly position: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly reason: string;
  /** The operator who decided it. */
  readonly by: string;
}

/** A skip that holds no more. Rows that were made without the event lack it until a rebuild. */
export interface UndoneSkip {
  readonly projection: string;
  readonly stream: string;
  readonly revision: number;
  readonly reason: string;
  readonly by: string;
}

/** The events that one projection leaves out, by `placeOf`. */
export type Skips = ReadonlyMap<string, SkippedEvent>;

/** Nothing is left out. */
export const noSkips: Skips = new Map();

/** Names an event for `Skips`. */
export function placeOf({ stream, revision }: Pick<SkippedEvent, 'stream' | 'revision'>): string {
  return `${revision}@${stream}`;
}

/** What is left out after this event too. */
export function evolveSkips(skips: Skips, event: ProjectionEvent): Skips {
  const place = placeOf(event.data);
  const others = [...skips].filter(([other]) => other !== place);
  return new Map(event.type === 'EventSkipped' ? [...others, [place, event.data]] : others);
}

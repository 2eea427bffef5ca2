import type { Position } from '../commands/event-log.ts';

/** The lowest of one or more positions. */
export function earliest(first: Position, ...others: readonly Position[]): Position {
  let lowest = first;
  for (const position of others) if (position < lowest) lowest = position;
  return lowest;
}

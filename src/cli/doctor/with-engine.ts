import { type Finding, skipped } from './finding.ts';
import type { Reach } from './world.ts';

/** What a check of something in an engine says when that cannot be asked; the engine's own check says why. */
export function skippedWithout(name: string, reach: Exclude<Reach<unknown>, { kind: 'there' }>): Finding {
  return skipped(reach.kind === 'stopped' ? reach.why : `The ${name} does not answer.`);
}

import type { GroupSettings } from './group-settings.ts';

/**
 * How long progress may still wait for its checkpoint, milliseconds: 0 when it is due, `Infinity` when there must
 * be more of it first. `events`: processed since the last checkpoint, in a row; `sinceLastMs`: its age.
 */
export function checkpointDueInMs(
  rule: Pick<GroupSettings, 'minCheckpointCount' | 'maxCheckpointCount' | 'checkpointAfterMs'>,
  events: number,
  sinceLastMs: number,
): number {
  if (events <= 0) return Number.POSITIVE_INFINITY;
  if (events >= rule.maxCheckpointCount) return 0;
  if (rule.checkpointAfterMs === 0 || events < rule.minCheckpointCount) return Number.POSITIVE_INFINITY;
  return Math.max(0, rule.checkpointAfterMs - sinceLastMs);
}

/**
 * What a group of competing consumers was set up with. Names, meanings and defaults are EventStoreDB's:
 * https://docs.kurrent.io/server/v23.10/persistent-subscriptions.html.
 */

import { limits } from '../../../../src/config/limits.ts';

/** How events are shared out among a group's clients. */
export const consumerStrategies = [
  'DispatchToSingle',
  'RoundRobin',
  'Pinned',
  'PinnedByCorrelation',
] as const;

export type ConsumerStrategyName = (typeof consumerStrategies)[number];

/** Where a group without a checkpoint begins: an end of its source, or an index (revision or position) in it. */
export type StartFrom = 'start' | 'end' | number;

export interface GroupSettings {
  readonly resolveLinks: boolean;
  readonly startFrom: StartFrom;
  /** Measures how long each client takes. */
  readonly extraStatistics: boolean;
  /** An event without an answer for this long is delivered again. 0: never. */
  readonly messageTimeoutMs: number;
  /** An event that was delivered again this often and failed once more is parked. */
  readonly maxRetryCount: number;
  /** A checkpoint is not written for fewer events than this, however late it is. */
  readonly minCheckpointCount: number;
  /** So many events are always worth a checkpoint. */
  readonly maxCheckpointCount: number;
  /** How long progress may wait for its checkpoint. 0: until there are `maxCheckpointCount` events of it. */
  readonly checkpointAfterMs: number;
  /** 0: as many as the node bears. */
  readonly maxSubscriberCount: number;
  /** Events read ahead of the clients: once caught up with the source, and while reading its history. */
  readonly liveBufferSize: number;
  readonly historyBufferSize: number;
  /** Events read from the source in one go. */
  readonly readBatchSize: number;
  readonly strategy: ConsumerStrategyName;
}

/** Why a group cannot be set up so, in a sentence; undefined when it can. */
export function settingsProblem(settings: GroupSettings): string | undefined {
  const { readBatchSize, historyBufferSize } = settings;
  const { groupDurationMsMax } = limits.eventNode;
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === 'number' && value < 0) return `${name} must not be negative`;
  }
  for (const name of ['messageTimeoutMs', 'checkpointAfterMs'] as const) {
    if (settings[name] > groupDurationMsMax) return `${name} must be at most ${groupDurationMsMax}`;
  }
  if (readBatchSize >= historyBufferSize) {
    return `the read batch size, ${readBatchSize}, must be smaller than the history buffer size, ${historyBufferSize}`;
  }
  return undefined;
}

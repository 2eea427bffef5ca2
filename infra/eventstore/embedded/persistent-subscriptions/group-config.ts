import type { Runtime } from '../../../../src/runtime/runtime.ts';
import type { EventStore } from '../storage/event-store.ts';
import type { FilterSpec } from './group-filter.ts';
import { CONFIG_STREAM, type GroupName } from './group-name.ts';
import { consumerStrategies, type GroupSettings } from './group-settings.ts';
import { lastEventJson } from './last-event.ts';
import { appendOwn, jsonEvent, setTruncation } from './system-event.ts';

const CONFIG_TYPE = '$PersistentConfig';
/** As EventStoreDB keeps them: the newest, and the one before. */
const CONFIGS_KEPT = 2;

/** A group as it was set up. */
export interface GroupConfig {
  readonly name: GroupName;
  readonly settings: GroupSettings;
  /** Only of groups of the whole log. */
  readonly filter: FilterSpec | undefined;
  /** The first index that the group delivers when it has no checkpoint: where its source ended, if it began there. */
  readonly firstIndex: number;
}

/** The configuration of all groups is damaged, or was written by another program. */
export class ConfigUnreadable extends Error {
  override readonly name = 'ConfigUnreadable';
}

/** A group as its configuration is stored. JSON has no `undefined`. */
interface Entry extends Omit<GroupConfig, 'name' | 'filter'> {
  readonly stream: string | null;
  readonly group: string;
  readonly filter: FilterSpec | null;
}

const VERSION = 1;

/** All groups as they are stored. Throws `RecordCorrupt`, `ConfigUnreadable`. */
export function readGroupConfigs(store: EventStore, { clock }: Runtime): readonly GroupConfig[] {
  const stored = lastEventJson(store, CONFIG_STREAM, clock);
  if (stored === undefined) return [];
  const { version, groups } = asRecord(stored);
  if (version !== VERSION || !Array.isArray(groups) || !groups.every(isEntry)) {
    throw new ConfigUnreadable(
      `the last event of ${CONFIG_STREAM} is not a configuration that this node reads`,
    );
  }
  return groups.map(configOf);
}

/** Stores all groups anew: one event, so that a crash leaves what was or what is. Throws `StoreUnavailable`. */
export async function writeGroupConfigs(
  store: EventStore,
  { ids }: Runtime,
  configs: readonly GroupConfig[],
): Promise<void> {
  if (store.stream(CONFIG_STREAM).metadata.maxCount !== CONFIGS_KEPT) {
    await setTruncation(store, CONFIG_STREAM, ids.next(), { maxCount: CONFIGS_KEPT });
  }
  const config = { version: VERSION, groups: configs.map(entryOf) };
  await appendOwn(store, CONFIG_STREAM, [jsonEvent(ids.next(), CONFIG_TYPE, config)]);
}

function configOf({ stream, group, filter, ...rest }: Entry): GroupConfig {
  return { name: { stream: stream ?? undefined, group }, filter: filter ?? undefined, ...rest };
}

function entryOf({ name, settings, filter, firstIndex }: GroupConfig): Entry {
  return { stream: name.stream ?? null, group: name.group, filter: filter ?? null, firstIndex, settings };
}

// Checked by hand: a schema library takes longer to load than the whole node to start.

function isEntry(value: unknown): value is Entry {
  const { stream, group, filter, firstIndex, settings } = asRecord(value);
  return (
    (stream === null || typeof stream === 'string') &&
    typeof group === 'string' &&
    (filter === null || isFilter(filter)) &&
    isCount(firstIndex) &&
    isSettings(settings)
  );
}

function isFilter(value: unknown): boolean {
  const { on, prefixes, regex } = asRecord(value);
  return (
    (on === 'stream-name' || on === 'event-type') &&
    Array.isArray(prefixes) &&
    prefixes.every((prefix) => typeof prefix === 'string') &&
    typeof regex === 'string'
  );
}

function isSettings(value: unknown): boolean {
  const { resolveLinks, extraStatistics, startFrom, strategy, ...counts } = asRecord(value);
  return (
    typeof resolveLinks === 'boolean' &&
    typeof extraStatistics === 'boolean' &&
    (startFrom === 'start' || startFrom === 'end' || isCount(startFrom)) &&
    consumerStrategies.some((known) => known === strategy) &&
    countNames.every((name) => isCount(counts[name]))
  );
}

const countNames = [
  'messageTimeoutMs',
  'maxRetryCount',
  'minCheckpointCount',
  'maxCheckpointCount',
  'checkpointAfterMs',
  'maxSubscriberCount',
  'liveBufferSize',
  'historyBufferSize',
  'readBatchSize',
] as const satisfies readonly (keyof GroupSettings)[];

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

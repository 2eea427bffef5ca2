import { type Static, Type } from 'typebox';
import Value from 'typebox/value';
import type { Runtime } from '../../../../src/runtime/runtime.ts';
import type { EventStore } from '../event-store.ts';
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

const count = Type.Integer({ minimum: 0 });
const entrySchema = Type.Object({
  stream: Type.Union([Type.String(), Type.Null()]),
  group: Type.String(),
  filter: Type.Union([
    Type.Object({
      on: Type.Enum(['stream-name', 'event-type']),
      prefixes: Type.Array(Type.String()),
      regex: Type.String(),
    }),
    Type.Null(),
  ]),
  firstIndex: count,
  settings: Type.Object({
    resolveLinks: Type.Boolean(),
    startFrom: Type.Union([Type.Enum(['start', 'end']), count]),
    extraStatistics: Type.Boolean(),
    messageTimeoutMs: count,
    maxRetryCount: count,
    minCheckpointCount: count,
    maxCheckpointCount: count,
    checkpointAfterMs: count,
    maxSubscriberCount: count,
    liveBufferSize: count,
    historyBufferSize: count,
    readBatchSize: count,
    strategy: Type.Enum([...consumerStrategies]),
  }),
});
const configSchema = Type.Object({ version: Type.Literal(1), groups: Type.Array(entrySchema) });

/** All groups as they are stored. Throws `RecordCorrupt`, `ConfigUnreadable`. */
export function readGroupConfigs(store: EventStore, { clock }: Runtime): readonly GroupConfig[] {
  const stored = lastEventJson(store, CONFIG_STREAM, clock);
  if (stored === undefined) return [];
  if (!Value.Check(configSchema, stored)) {
    throw new ConfigUnreadable(
      `the last event of ${CONFIG_STREAM} is not a configuration that this node reads`,
    );
  }
  return stored.groups.map(configOf);
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
  const config: Static<typeof configSchema> = { version: 1, groups: configs.map(entryOf) };
  await appendOwn(store, CONFIG_STREAM, [jsonEvent(ids.next(), CONFIG_TYPE, config)]);
}

function configOf({ stream, group, filter, ...rest }: Static<typeof entrySchema>): GroupConfig {
  return { name: { stream: stream ?? undefined, group }, filter: filter ?? undefined, ...rest };
}

function entryOf({ name, settings, filter, firstIndex }: GroupConfig): Static<typeof entrySchema> {
  const prefixes = [...(filter?.prefixes ?? [])];
  return {
    stream: name.stream ?? null,
    group: name.group,
    filter: filter === undefined ? null : { ...filter, prefixes },
    firstIndex,
    settings,
  };
}

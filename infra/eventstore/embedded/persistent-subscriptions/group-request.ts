import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import { invalidArgument } from '../grpc/grpc-status.ts';
import { parseU64 } from '../streams/proposal.ts';
import { groupFailed } from './group-errors.ts';
import type { FilterSpec } from './group-filter.ts';
import type { GroupName } from './group-name.ts';
import {
  type ConsumerStrategyName,
  consumerStrategies,
  type GroupSettings,
  type StartFrom,
} from './group-settings.ts';
import { groupName } from './group-target.ts';

/** A request to create or to update a group, checked as far as it can be without the log. */
export interface GroupRequest {
  readonly name: GroupName;
  readonly settings: GroupSettings;
  readonly filter: FilterSpec | undefined;
}

/** The end, where a revision is a number: clients before 21.10 have no other way to say it. */
const END_REVISION = String(2n ** 64n - 1n);
const TICKS_PER_MS = 10_000;

/** Throws `GrpcError` for a request that is incomplete or names a strategy that is not there. */
export function parseGroupRequest(
  options: persistent.CreateReq.Options | persistent.UpdateReq.Options | undefined,
): GroupRequest {
  const settings = options?.getSettings();
  if (options === undefined || settings === undefined)
    throw invalidArgument('a group needs options and settings');
  const all = options.getAll();
  const stream = options.getStream();
  const identifier = stream?.getStreamIdentifier() ?? options.getStreamIdentifier();
  const name = groupName(identifier, options.getGroupName(), all !== undefined);
  const startFrom = all ?? stream;
  return {
    name,
    filter: all instanceof persistent.CreateReq.AllOptions ? parseFilterSpec(all.getFilter()) : undefined,
    settings: {
      ...parseSettings(settings),
      startFrom: startFrom === undefined ? parseRevision(settings.getRevision()) : parseStartFrom(startFrom),
      strategy: parseStrategy(name, settings),
    },
  };
}

type AllOptions = persistent.CreateReq.AllOptions | persistent.UpdateReq.AllOptions;
type StreamOptions = persistent.CreateReq.StreamOptions | persistent.UpdateReq.StreamOptions;
type Settings = persistent.CreateReq.Settings | persistent.UpdateReq.Settings;

function parseSettings(settings: Settings): Omit<GroupSettings, 'startFrom' | 'strategy'> {
  const ticksToMs = (ticks: string): number => Math.trunc(Number(ticks) / TICKS_PER_MS);
  return {
    resolveLinks: settings.getResolveLinks(),
    extraStatistics: settings.getExtraStatistics(),
    messageTimeoutMs: settings.hasMessageTimeoutTicks()
      ? ticksToMs(settings.getMessageTimeoutTicks())
      : settings.getMessageTimeoutMs(),
    checkpointAfterMs: settings.hasCheckpointAfterTicks()
      ? ticksToMs(settings.getCheckpointAfterTicks())
      : settings.getCheckpointAfterMs(),
    maxRetryCount: settings.getMaxRetryCount(),
    minCheckpointCount: settings.getMinCheckpointCount(),
    maxCheckpointCount: settings.getMaxCheckpointCount(),
    maxSubscriberCount: settings.getMaxSubscriberCount(),
    liveBufferSize: settings.getLiveBufferSize(),
    historyBufferSize: settings.getHistoryBufferSize(),
    readBatchSize: settings.getReadBatchSize(),
  };
}

function parseStartFrom(options: AllOptions | StreamOptions): StartFrom {
  if (options.hasEnd()) return 'end';
  if (options.hasStart()) return 'start';
  if ('getRevision' in options) {
    if (options.hasRevision()) return parseRevision(options.getRevision());
  } else {
    const position = options.getPosition();
    if (position !== undefined) return parseU64(position.getCommitPosition(), 'the position');
  }
  throw invalidArgument('a group starts from the start, the end, or a place');
}

function parseRevision(text: string): StartFrom {
  if (text === END_REVISION) return 'end';
  const revision = parseU64(text, 'the revision');
  return revision === 0 ? 'start' : revision;
}

/** By its name, or, of older clients, by its number. */
function parseStrategy(name: GroupName, settings: Settings): ConsumerStrategyName {
  const given = 'getConsumerStrategy' in settings ? settings.getConsumerStrategy() : '';
  const strategy =
    given === ''
      ? consumerStrategies[settings.getNamedConsumerStrategy()]
      : consumerStrategies.find((known) => known === given);
  if (strategy === undefined) throw groupFailed(name, `there is no consumer strategy ${given.slice(0, 100)}`);
  return strategy;
}

function parseFilterSpec(
  filter: persistent.CreateReq.AllOptions.FilterOptions | undefined,
): FilterSpec | undefined {
  if (filter === undefined) return undefined;
  const byStream = filter.getStreamIdentifier();
  const expression = byStream ?? filter.getEventType();
  if (expression === undefined) throw invalidArgument('a filter is on stream names or on event types');
  return {
    on: byStream === undefined ? 'event-type' : 'stream-name',
    prefixes: expression.getPrefixList(),
    regex: expression.getRegex(),
  };
}

import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import { sourceName } from './group-name.ts';
import type { PersistentGroup } from './persistent-group.ts';
import { positionText, startFromText } from './source-position.ts';
import type { Subscriber } from './subscriber.ts';

/** Since when the figures of a group that are "since last time" count. */
export interface LastMeasurement {
  readonly atMs: number;
  readonly totalItems: number;
}

/** A group's settings and figures, in the protocol's form. `nowMs` is monotonic. */
export function groupInfo(
  group: PersistentGroup,
  last: LastMeasurement,
  nowMs: number,
): persistent.SubscriptionInfo {
  const { name, settings } = group.config;
  const state = group.state;
  const info = new persistent.SubscriptionInfo();
  const seconds = Math.max(nowMs - last.atMs, 1) / 1_000;
  const place = (index: number | undefined): string =>
    index === undefined || index < 0 ? '' : positionText(name, index);
  info.setEventSource(sourceName(name));
  info.setGroupName(name.group);
  info.setStatus(statusText(state.isBehind, state.isReplaying));
  info.setConnectionsList(
    state.subscribers.map(({ subscriber, inFlight }) => connectionInfo(subscriber, inFlight, seconds)),
  );
  info.setTotalItems(String(state.totalItems));
  info.setCountSinceLastMeasurement(String(state.totalItems - last.totalItems));
  info.setAveragePerSecond(Math.round((state.totalItems - last.totalItems) / seconds));
  info.setLastCheckpointedEventPosition(place(state.checkpointIndex));
  info.setLastKnownEventPosition(place(state.lastKnownIndex));
  info.setReadBufferCount(state.isBehind ? state.counts.buffered : 0);
  info.setLiveBufferCount(String(state.isBehind ? 0 : state.counts.buffered));
  info.setRetryBufferCount(state.counts.retries);
  info.setTotalInFlightMessages(state.counts.inFlight);
  info.setOutstandingMessagesCount(state.counts.inFlight + state.counts.parking);
  info.setParkedMessageCount(String(state.parkedCount));
  info.setStartFrom(startFromText(name, settings.startFrom));
  info.setResolveLinkTos(settings.resolveLinks);
  info.setExtraStatistics(settings.extraStatistics);
  info.setMessageTimeoutMilliseconds(settings.messageTimeoutMs);
  info.setMaxRetryCount(settings.maxRetryCount);
  info.setLiveBufferSize(settings.liveBufferSize);
  info.setBufferSize(settings.historyBufferSize);
  info.setReadBatchSize(settings.readBatchSize);
  info.setCheckPointAfterMilliseconds(settings.checkpointAfterMs);
  info.setMinCheckPointCount(settings.minCheckpointCount);
  info.setMaxCheckPointCount(settings.maxCheckpointCount);
  info.setMaxSubscriberCount(settings.maxSubscriberCount);
  info.setNamedConsumerStrategy(settings.strategy);
  return info;
}

/** EventStoreDB's words for it, in its order. */
function statusText(isBehind: boolean, isReplaying: boolean): string {
  const words = isBehind ? ['Behind'] : ['Live'];
  if (isReplaying) words.splice(isBehind ? 1 : 0, 0, 'ReplayingParkedMessages');
  return words.join(', ');
}

function connectionInfo(
  subscriber: Subscriber,
  inFlight: number,
  seconds: number,
): persistent.SubscriptionInfo.ConnectionInfo {
  const info = new persistent.SubscriptionInfo.ConnectionInfo();
  const since = subscriber.itemsSinceMeasured();
  // The node knows no users and no names of connections; these are the protocol's words for that.
  info.setUsername('anonymous');
  info.setConnectionName('<unknown>');
  info.setTotalItems(String(subscriber.totalItems));
  info.setCountSinceLastMeasurement(String(since));
  info.setAverageItemsPerSecond(Math.round(since / seconds));
  info.setInFlightMessages(inFlight);
  info.setAvailableSlots(subscriber.bufferSize - inFlight);
  info.setObservedMeasurementsList(
    subscriber.latency.measurements().map(([key, ms]) => {
      const measurement = new persistent.SubscriptionInfo.Measurement();
      measurement.setKey(key);
      measurement.setValue(String(ms));
      return measurement;
    }),
  );
  return info;
}

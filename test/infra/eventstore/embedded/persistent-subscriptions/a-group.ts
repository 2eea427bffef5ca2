import { GroupCore } from '../../../../../infra/eventstore/embedded/persistent-subscriptions/group-core.ts';
import type { GroupSettings } from '../../../../../infra/eventstore/embedded/persistent-subscriptions/group-settings.ts';

export const someSettings: GroupSettings = {
  resolveLinks: false,
  startFrom: 'start',
  extraStatistics: false,
  messageTimeoutMs: 1_000,
  maxRetryCount: 2,
  minCheckpointCount: 1,
  maxCheckpointCount: 10,
  checkpointAfterMs: 1_000,
  maxSubscriberCount: 0,
  liveBufferSize: 50,
  historyBufferSize: 50,
  readBatchSize: 10,
  strategy: 'RoundRobin',
};

/** A group over events `e0`, `e1`, ... of which `count` are taken in. */
export function aGroup({ settings = {}, count = 0 }: { settings?: Partial<GroupSettings>; count?: number }) {
  const core = new GroupCore({ ...someSettings, ...settings }, -1);
  let next = 0;
  const offer = (more: number, bucket = (index: number) => index % 2): void => {
    for (let offered = 0; offered < more; offered++, next++) {
      core.offer({ id: `e${next}`, index: next, bucket: bucket(next) });
    }
  };
  offer(count);
  /** What is delivered now, as `client:event`. */
  const delivered = (nowMs = 0): string[] =>
    core.dispatch(nowMs).map(({ clientId, message }) => `${clientId}:${message.id}`);
  return { core, offer, delivered };
}

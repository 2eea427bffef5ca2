/** `GetInfo` and `List`. */
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import type { Clock } from '../../../../src/runtime/runtime.ts';
import { frameOf } from '../grpc/grpc-frames.ts';
import type { GrpcHandler } from '../grpc/grpc-server.ts';
import { invalidArgument } from '../grpc/grpc-status.ts';
import { parseMessage } from '../grpc/parse-message.ts';
import { parseStreamName } from '../streams/proposal.ts';
import { groupDoesNotExist } from './group-errors.ts';
import { groupInfo, type LastMeasurement } from './group-info.ts';
import type { GroupName } from './group-name.ts';
import type { GroupRegistry } from './group-registry.ts';
import { parseTarget } from './group-target.ts';
import type { PersistentGroup } from './persistent-group.ts';

/** Both count what happened since either was asked for the same group. */
export function infoServices(
  groups: GroupRegistry,
  clock: Clock,
): { readonly getInfo: GrpcHandler; readonly list: GrpcHandler } {
  const measured = new WeakMap<PersistentGroup, LastMeasurement>();
  const startedMs = clock.monotonicMs();
  const measure = (group: PersistentGroup): persistent.SubscriptionInfo => {
    const nowMs = clock.monotonicMs();
    const last = measured.get(group) ?? { atMs: startedMs, totalItems: 0 };
    measured.set(group, { atMs: nowMs, totalItems: group.state.totalItems });
    return groupInfo(group, last, nowMs);
  };
  return {
    getInfo: async (call) => {
      const options = parseMessage(persistent.GetInfoReq, await call.requiredMessage()).getOptions();
      if (options === undefined) throw invalidArgument('a request for information needs options');
      const info = measure(groups.find(parseTarget(options)));
      await call.write(frameOf(new persistent.GetInfoResp().setSubscriptionInfo(info)));
    },
    list: async (call) => {
      const listed = groupsListed(groups, parseListed(await call.requiredMessage()));
      await call.write(frameOf(new persistent.ListResp().setSubscriptionsList(listed.map(measure))));
    },
  };
}

/** The source whose groups are wanted; `all`: those of every source. Throws `GrpcError`. */
export function parseListed(bytes: Uint8Array): 'all' | Pick<GroupName, 'stream'> {
  const options = parseMessage(persistent.ListReq, bytes).getOptions();
  if (options?.hasListAllSubscriptions()) return 'all';
  const forStream = options?.getListForStream();
  if (forStream === undefined) throw invalidArgument('a list is of all groups, or of those of a stream');
  return { stream: forStream.hasAll() ? undefined : parseStreamName(forStream.getStream()) };
}

function groupsListed(
  groups: GroupRegistry,
  wanted: ReturnType<typeof parseListed>,
): readonly PersistentGroup[] {
  if (wanted === 'all') return groups.all();
  const { stream } = wanted;
  const listed = groups.all().filter((group) => group.config.name.stream === stream);
  if (listed.length === 0) throw groupDoesNotExist({ stream, group: '' });
  return listed;
}

/** `Create`, `Update`, `Delete`, `ReplayParked` and `RestartSubsystem`. */
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { GrpcHandler } from '../grpc/grpc-server.ts';
import { frameOf } from '../grpc/grpc-frames.ts';
import { invalidArgument } from '../grpc/grpc-status.ts';
import { orUnavailable } from '../grpc/or-unavailable.ts';
import { parseMessage } from '../grpc/parse-message.ts';
import { groupFailed } from './group-errors.ts';
import type { GroupRegistry } from './group-registry.ts';
import type { GroupName } from './group-name.ts';
import { parseGroupRequest } from './group-request.ts';
import { parseTarget } from './group-target.ts';

export function createService(groups: GroupRegistry): GrpcHandler {
  return async (call) => {
    const request = parseMessage(persistent.CreateReq, await call.requiredMessage());
    const { name, settings, filter } = parseGroupRequest(request.getOptions());
    await orUnavailable(groups.create(name, settings, filter));
    await call.write(frameOf(new persistent.CreateResp()));
  };
}

export function updateService(groups: GroupRegistry): GrpcHandler {
  return async (call) => {
    const request = parseMessage(persistent.UpdateReq, await call.requiredMessage());
    const { name, settings } = parseGroupRequest(request.getOptions());
    await orUnavailable(groups.update(name, settings));
    await call.write(frameOf(new persistent.UpdateResp()));
  };
}

export function deleteGroupService(groups: GroupRegistry): GrpcHandler {
  return async (call) => {
    const options = parseMessage(persistent.DeleteReq, await call.requiredMessage()).getOptions();
    if (options === undefined) throw invalidArgument('a deletion needs options');
    await orUnavailable(groups.delete(parseTarget(options)));
    await call.write(frameOf(new persistent.DeleteResp()));
  };
}

/** Answers when the replay has begun. */
export function replayParkedService(groups: GroupRegistry): GrpcHandler {
  return async (call) => {
    const { name, stopAt } = parseReplay(await call.requiredMessage());
    groups.find(name).replayParked(stopAt);
    await call.write(frameOf(new persistent.ReplayParkedResp()));
  };
}

/** Which group, and the revision of its parked stream to stop at, if there is one. Throws `GrpcError`. */
export function parseReplay(bytes: Uint8Array): { readonly name: GroupName; readonly stopAt?: number } {
  const options = parseMessage(persistent.ReplayParkedReq, bytes).getOptions();
  if (options === undefined) throw invalidArgument('a replay needs options');
  const name = parseTarget(options);
  if (!options.hasStopAt()) return { name };
  const stopAt = Number(options.getStopAt());
  if (stopAt < 0) throw groupFailed(name, 'a replay cannot stop before revision 0');
  return { name, stopAt };
}

export function restartService(groups: GroupRegistry): GrpcHandler {
  return async (call) => {
    await call.requiredMessage();
    await orUnavailable(groups.restart());
    await call.write(frameOf(new shared.Empty()));
  };
}

/** What calls about groups fail with, in the form that the published clients understand. */
import { limits } from '../../../../src/config/limits.ts';
import { GrpcError, type GrpcStatus, grpcStatus, headerText } from '../grpc/grpc-status.ts';
import { type GroupName, sourceName } from './group-name.ts';

/** What the published clients take for a group that cannot be made or changed so. */
const FAILED = 'persistent-subscription-failed';

function groupError(
  status: GrpcStatus,
  exception: string,
  name: GroupName,
  says: string,
  further: Record<string, string> = {},
): GrpcError {
  return new GrpcError(status, `the subscription group ${name.group} on ${sourceName(name)} ${says}`, {
    exception,
    'stream-name': headerText(sourceName(name)),
    'group-name': headerText(name.group),
    ...further,
  });
}

export const groupDoesNotExist = (name: GroupName): GrpcError =>
  groupError(grpcStatus.notFound, 'persistent-subscription-does-not-exist', name, 'does not exist');

export const groupExists = (name: GroupName): GrpcError =>
  groupError(grpcStatus.alreadyExists, 'persistent-subscription-exists', name, 'exists already');

export const maximumSubscribersReached = (name: GroupName): GrpcError =>
  groupError(
    grpcStatus.failedPrecondition,
    'maximum-subscribers-reached',
    name,
    'has as many clients as it may have',
  );

/** The node has as many groups as it may have. */
export const maximumGroupsReached = (name: GroupName): GrpcError => {
  const reason = `this node has at most ${limits.eventNode.groupsMax} groups`;
  return groupError(grpcStatus.resourceExhausted, FAILED, name, `failed: ${reason}`, { reason });
};

/** Ends a client's call: the group was changed or deleted, or the client asked for its end. */
export const groupDropped = (name: GroupName): GrpcError =>
  groupError(grpcStatus.cancelled, 'persistent-subscription-dropped', name, 'dropped this client');

export const groupFailed = (name: GroupName, reason: string): GrpcError =>
  groupError(grpcStatus.internal, FAILED, name, `failed: ${reason}`, {
    reason: headerText(reason),
  });

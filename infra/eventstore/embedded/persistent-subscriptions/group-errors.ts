/** What calls about groups fail with, in the form that the published clients understand. */
import { GrpcError, type GrpcStatus, grpcStatus, headerText } from '../grpc/grpc-status.ts';
import { type GroupName, sourceName } from './group-name.ts';

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

/** Ends a client's call: the group was changed or deleted, or the client asked for its end. */
export const groupDropped = (name: GroupName): GrpcError =>
  groupError(grpcStatus.cancelled, 'persistent-subscription-dropped', name, 'dropped this client');

export const groupFailed = (name: GroupName, reason: string): GrpcError =>
  groupError(grpcStatus.internal, 'persistent-subscription-failed', name, `failed: ${reason}`, {
    reason: headerText(reason),
  });

import type shared from '@eventstore/db-client/generated/shared_pb.js';
import { limits } from '../../../../src/config/limits.ts';
import { invalidArgument } from '../grpc/grpc-status.ts';
import { parseStreamName } from '../streams/proposal.ts';
import { ALL_STREAM, type GroupName } from './group-name.ts';
import { groupFailed } from './group-errors.ts';

/** The part that says which group a request is about; most requests have it in this form. */
interface TargetOptions {
  hasAll(): boolean;
  getStreamIdentifier(): shared.StreamIdentifier | undefined;
  getGroupName(): string;
}

/** Throws `GrpcError` when it names no group that could be. */
export function parseTarget(options: TargetOptions): GroupName {
  return groupName(
    options.hasAll() ? undefined : options.getStreamIdentifier(),
    options.getGroupName(),
    options.hasAll(),
  );
}

/** The group of this name on a stream, or, with `isAll`, on the whole log. Throws `GrpcError`. */
export function groupName(
  stream: shared.StreamIdentifier | undefined,
  group: string,
  isAll: boolean,
): GroupName {
  if (group === '') throw invalidArgument('a group name is required');
  if (Buffer.byteLength(group) > limits.eventNode.groupNameBytesMax) {
    throw invalidArgument(`a group name has at most ${limits.eventNode.groupNameBytesMax} bytes`);
  }
  // In the names of the group's own streams it would become U+FFFD, like that of another group.
  if (!group.isWellFormed()) throw invalidArgument('a group name is UTF-8');
  if (isAll) return { stream: undefined, group };
  const name = { stream: parseStreamName(stream), group };
  if (name.stream === ALL_STREAM) throw groupFailed(name, 'the log is asked for by the option `all`');
  return name;
}

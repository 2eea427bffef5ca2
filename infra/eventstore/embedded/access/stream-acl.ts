/**
 * Who may do what to a stream. The rules are EventStoreDB's
 * (https://docs.kurrent.io/server/v23.10/security.html#stream-access):
 *
 * - an administrator may do everything that can be done;
 * - of the rest those whom the stream's own `$acl` names for the right in question; where it names nobody,
 *   those whom the stream `$settings` names for streams of its kind; where that names nobody either, everybody
 *   for users' streams and administrators for system streams;
 * - reading and writing a metadata stream are rights of their own on the stream that it is about;
 * - nobody deletes a metadata stream, and nobody writes to `$all`, which is no stream.
 */
import type { StreamAcl } from '../storage/stream-metadata.ts';
import { isMetastream, isSystemStream, originalOf } from '../storage/system-streams.ts';
import { ALL_STREAM, type StreamAction } from './access.ts';
import { ADMINS, type Caller, EVERYBODY, isAdministrator, isAmong } from './caller.ts';

export type StreamRight = keyof StreamAcl;

/** The lists that answer where a stream's own says nothing. */
export interface DefaultAcls {
  readonly userStreams: StreamAcl;
  readonly systemStreams: StreamAcl;
}

/** Without a stream `$settings`. */
export const builtInAcls: DefaultAcls = {
  userStreams: aclFor([EVERYBODY]),
  systemStreams: aclFor([ADMINS]),
};

/** What is needed, and on which stream; undefined for what nobody may do. */
export function neededRight(
  stream: string,
  action: StreamAction,
): { stream: string; right: StreamRight } | undefined {
  if (isMetastream(stream)) {
    if (action === 'delete') return undefined;
    return { stream: originalOf(stream), right: action === 'read' ? 'metaRead' : 'metaWrite' };
  }
  return stream === ALL_STREAM && action !== 'read' ? undefined : { stream, right: action };
}

/** Whether the caller has a right on a stream whose metadata has `acl`. */
export function hasRight(
  caller: Caller,
  stream: string,
  right: StreamRight,
  acl: StreamAcl | undefined,
  defaults: DefaultAcls,
): boolean {
  if (isAdministrator(caller)) return true;
  const ofKind = isSystemStream(stream) ? defaults.systemStreams : defaults.userStreams;
  return isAmong(caller, acl?.[right] ?? ofKind[right] ?? []);
}

function aclFor(names: readonly string[]): Required<StreamAcl> {
  return { read: names, write: names, delete: names, metaRead: names, metaWrite: names };
}

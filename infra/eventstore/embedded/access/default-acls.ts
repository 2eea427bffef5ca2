import type { EventStore } from '../storage/event-store.ts';
import { parseAcl, parseObject } from '../storage/stream-metadata.ts';
import { newestEvent } from './newest-event.ts';
import { builtInAcls, type DefaultAcls } from './stream-acl.ts';

/** Its newest event's data may have `$userStreamAcl` and `$systemStreamAcl`, each in the form of `$acl`. */
export const SETTINGS_STREAM = '$settings';

/** Answers the access lists that hold where a stream has none of its own; read again when they were changed. */
export function defaultAclsOf(store: EventStore): () => DefaultAcls {
  let known: { readonly revision: number; readonly acls: DefaultAcls } | undefined;
  return () => {
    const newest = newestEvent(store, SETTINGS_STREAM);
    if (newest === undefined) return builtInAcls;
    if (known?.revision !== newest.revision) {
      const json = Buffer.from(newest.record()?.data() ?? []).toString('utf8');
      known = { revision: newest.revision, acls: parseDefaultAcls(json) };
    }
    return known.acls;
  };
}

/** As lenient as stream metadata is read: what is no list says nothing, and the built-in rule holds. */
export function parseDefaultAcls(json: string): DefaultAcls {
  const fields = parseObject(json);
  return {
    userStreams: { ...builtInAcls.userStreams, ...parseAcl(fields?.$userStreamAcl) },
    systemStreams: { ...builtInAcls.systemStreams, ...parseAcl(fields?.$systemStreamAcl) },
  };
}

import type { EventStore } from '../storage/event-store.ts';
import type { Access } from './access.ts';
import { AccessChanges } from './access-changes.ts';
import { type AuthenticatorDeps, createAuthenticator } from './authenticator.ts';
import { isAdministrator } from './caller.ts';
import { defaultAclsOf } from './default-acls.ts';
import { hasRight, neededRight } from './stream-acl.ts';

/** The access of a node that knows its users, and checks every stream's access list. */
export function checkedAccess(store: EventStore, deps: AuthenticatorDeps): Access {
  const defaults = defaultAclsOf(store);
  const changes = new AccessChanges(store, deps.users);
  return {
    identify: createAuthenticator(deps),
    mayUse(caller, name, action) {
      const needed = neededRight(name, action);
      if (needed === undefined) return false;
      // Asked first: it spares the look-up.
      if (isAdministrator(caller)) return true;
      const { stream, right } = needed;
      return hasRight(caller, stream, right, store.stream(stream).metadata.acl, defaults());
    },
    follow: (call, stream, changed) => changes.follow(call, stream, changed),
  };
}

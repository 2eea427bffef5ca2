import type { EventStore } from '../storage/event-store.ts';
import { isMetastream, metastreamOf, originalOf } from '../storage/system-streams.ts';
import type { CallerChanged, LastingCall } from './access.ts';
import { anonymous, type Caller } from './caller.ts';
import { SETTINGS_STREAM } from './default-acls.ts';
import { type UserDirectory, userStream } from './user-directory.ts';

interface Follower {
  readonly login: string | undefined;
  readonly changed: CallerChanged;
}

/**
 * Tells the calls that last of what may take their right away. They are found by the streams that a commit has
 * written to, so that one who is not concerned costs nothing, and an event costs nobody anything. They are told
 * before the writer is answered and before any reader sees what was written behind it.
 */
export class AccessChanges {
  readonly #users: UserDirectory;
  /** By each stream whose events say what they may do. */
  readonly #followers = new Map<string, Set<Follower>>();

  constructor(store: EventStore, users: UserDirectory) {
    this.#users = users;
    store.onSystemWrites((streams) => this.#written(streams));
  }

  /** See `Access`. Tells at once of a user who was changed since he was identified. */
  follow({ caller, signal }: LastingCall, stream: string | undefined, changed: CallerChanged): void {
    const { login } = caller;
    const follower: Follower = { login, changed };
    const now = this.#callerNow(login);
    if (now === undefined || !sameNames(now.groups, caller.groups)) changed(now);
    if (signal.aborted) return;
    const decisive = decisiveStreams(login, stream);
    for (const each of decisive) {
      const others = this.#followers.get(each) ?? new Set();
      this.#followers.set(each, others.add(follower));
    }
    signal.addEventListener('abort', () => this.#leave(follower, decisive), { once: true });
  }

  #leave(follower: Follower, decisive: readonly string[]): void {
    for (const each of decisive) {
      const others = this.#followers.get(each);
      others?.delete(follower);
      if (others?.size === 0) this.#followers.delete(each);
    }
  }

  #written(streams: readonly string[]): void {
    const concerned = new Set(streams.flatMap((stream) => [...(this.#followers.get(stream) ?? [])]));
    const callers = new Map<string | undefined, Caller | undefined>();
    for (const { login, changed } of concerned) {
      try {
        if (!callers.has(login)) callers.set(login, this.#callerNow(login));
        changed(callers.get(login));
      } catch {
        // What cannot be read gives no right. Thrown on, it would end the commit that is being reported.
        changed(undefined);
      }
    }
  }

  #callerNow(login: string | undefined): Caller | undefined {
    if (login === undefined) return anonymous;
    const user = this.#users.find(login)?.user;
    return user === undefined || user.disabled ? undefined : { login, groups: user.groups };
  }
}

function decisiveStreams(login: string | undefined, stream: string | undefined): readonly string[] {
  const about = login === undefined ? [] : [userStream(login)];
  if (stream !== undefined) about.push(SETTINGS_STREAM);
  const acl = stream === undefined ? [] : [metastreamOf(isMetastream(stream) ? originalOf(stream) : stream)];
  // A stream is deleted by an event in its metadata stream.
  return [...about, ...about.map(metastreamOf), ...acl];
}

const sameNames = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((name, index) => name === others[index]);

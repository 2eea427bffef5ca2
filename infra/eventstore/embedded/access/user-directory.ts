/**
 * The users, as events in the log: `$user-LOGIN` has one user's states, the newest of which counts; `$users` has
 * the login of everybody who was ever created. Names are EventStoreDB's.
 */
import type { IdSource } from '../../../../src/runtime/runtime.ts';
import type { Expected } from '../storage/append-decision.ts';
import type { EventStore } from '../storage/event-store.ts';
import type { ProposedEvent } from '../storage/stored-record.ts';
import { SOFT_DELETED } from '../storage/stream-metadata.ts';
import { METADATA_TYPE, metastreamOf } from '../storage/system-streams.ts';
import { ADMINS } from './caller.ts';
import { newestEvent } from './newest-event.ts';
import { parseUserJson, type UserRecord, userJson } from './user-record.ts';

const USERS_STREAM = '$users';
const LISTED_TYPE = '$User';
const CREATED_TYPE = '$UserCreated';
const UPDATED_TYPE = '$UserUpdated';

export const userStream = (login: string): string => `$user-${login}`;

export interface FoundUser {
  readonly user: UserRecord;
  /** Of the event that says so. */
  readonly revision: number;
  readonly updatedMs: number;
}

/** `conflict`: somebody else was faster. All throw `StoreUnavailable`. */
export type UserWrite = 'written' | 'conflict';

export class UserDirectory {
  readonly #store: EventStore;
  readonly #ids: IdSource;

  constructor(store: EventStore, ids: IdSource) {
    this.#store = store;
    this.#ids = ids;
  }

  /** Where a user's newest state is; undefined when there is no such user. Costs no decoding. */
  revision(login: string): number | undefined {
    return newestEvent(this.#store, userStream(login))?.revision;
  }

  find(login: string): FoundUser | undefined {
    const newest = newestEvent(this.#store, userStream(login));
    const record = newest?.record();
    if (newest === undefined || record === undefined) return undefined;
    const user = parseUserJson(Buffer.from(record.data()).toString('utf8'));
    if (user?.login !== login) return undefined;
    return { user, revision: newest.revision, updatedMs: record.createdMs };
  }

  /** Whether there was ever a user of this login, deleted ones included. */
  wasCreated(login: string): boolean {
    const state = this.#store.stream(userStream(login));
    return state.lastRevision >= 0 || state.tombstoned;
  }

  /** How many users were ever created. */
  get createdCount(): number {
    return this.#store.stream(USERS_STREAM).lastRevision + 1;
  }

  /** The logins of all who were ever created, sorted. Reads the whole list. */
  logins(): readonly string[] {
    const read = this.#store.streamReader(USERS_STREAM);
    const logins = new Set<string>();
    const count = this.createdCount;
    for (let revision = 0; revision < count; revision++) {
      logins.add(Buffer.from(read(revision)?.data() ?? []).toString('utf8'));
    }
    return [...logins].sort();
  }

  /**
   * In an order in which a crash leaves no user unlisted or unprotected: first who may see the stream, then the
   * list, then the user.
   */
  async create(user: UserRecord): Promise<UserWrite> {
    const stream = userStream(user.login);
    await this.#append(metastreamOf(stream), anyRevision, METADATA_TYPE, this.#protection(stream));
    await this.#append(USERS_STREAM, anyRevision, LISTED_TYPE, user.login, 'application/octet-stream');
    return this.#append(stream, { kind: 'no-stream' }, CREATED_TYPE, userJson(user));
  }

  replace(found: FoundUser, user: UserRecord): Promise<UserWrite> {
    const expected = { kind: 'revision', revision: found.revision } as const;
    return this.#append(userStream(found.user.login), expected, UPDATED_TYPE, userJson(user));
  }

  /** He may be created again, with none of his old rights. */
  async remove({ user, revision }: FoundUser): Promise<UserWrite> {
    const outcome = await this.#store.delete(userStream(user.login), { kind: 'revision', revision });
    return outcome.kind === 'deleted' ? 'written' : 'conflict';
  }

  /** Metadata that lets administrators alone at a user's hash, whatever `$settings` says of system streams. */
  #protection(stream: string): string {
    const acl = { $r: [ADMINS], $w: [ADMINS], $d: [ADMINS], $mw: [ADMINS] };
    const deleted = this.#store.stream(stream).metadata.truncateBefore === SOFT_DELETED;
    // A deleted stream stays deleted until it is begun again. Text, as JSON cannot write this number.
    return `{${deleted ? `"$tb":${2n ** 63n - 1n},` : ''}"$acl":${JSON.stringify(acl)}}`;
  }

  async #append(
    stream: string,
    expected: Expected,
    type: string,
    data: string,
    contentType: ProposedEvent['contentType'] = 'application/json',
  ): Promise<UserWrite> {
    const event = {
      id: this.#ids.next(),
      type,
      contentType,
      data: Buffer.from(data),
      metadata: new Uint8Array(),
    };
    const outcome = await this.#store.append(stream, expected, [event]);
    return outcome.kind === 'appended' ? 'written' : 'conflict';
  }
}

const anyRevision: Expected = { kind: 'any' };

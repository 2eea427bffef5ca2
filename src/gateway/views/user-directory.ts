import { limits } from '../../config/limits.ts';
import type { UserId } from '../../domain/ids.ts';
import type { AccountRow } from '../../projections/accounts-projection.ts';
import type { UserView } from '../../protocol/views/user-views.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { ReadSide } from '../read-side.ts';
import type { OpenSealed } from './open-sealed.ts';

interface Entry {
  readonly loadedAtMs: number;
  readonly view: UserView;
}

/**
 * What users are called, opened: nearly every answer names some. Cached, bounded by count and age; told of
 * changes by the change feed, so that the age matters for users who were forgotten only.
 */
export class UserDirectory {
  readonly #reads: Pick<ReadSide, 'accounts'>;
  readonly #open: OpenSealed;
  readonly #runtime: Pick<Runtime, 'clock' | 'timers'>;
  /** In the order of loading: the oldest in front. */
  readonly #entries = new Map<UserId, Entry>();

  constructor(
    reads: Pick<ReadSide, 'accounts'>,
    open: OpenSealed,
    runtime: Pick<Runtime, 'clock' | 'timers'>,
  ) {
    this.#reads = reads;
    this.#open = open;
    this.#runtime = runtime;
  }

  /** A view for every id, nameless for one that the read models do not know (yet). */
  async views(userIds: Iterable<UserId>): Promise<ReadonlyMap<UserId, UserView>> {
    const views = new Map<UserId, UserView>();
    const missing: UserId[] = [];
    const oldestMs = this.#runtime.clock.monotonicMs() - limits.gateway.cachedUserAgeMs;
    for (const userId of new Set(userIds)) {
      const entry = this.#entries.get(userId);
      if (entry !== undefined && entry.loadedAtMs >= oldestMs) views.set(userId, entry.view);
      else missing.push(userId);
    }
    for (let start = 0; start < missing.length; start += accountsPerRead) {
      const rows = await this.#reads.accounts(missing.slice(start, start + accountsPerRead));
      for (const view of await Promise.all(rows.map((row) => this.learn(row)))) views.set(view.userId, view);
    }
    for (const userId of missing) if (!views.has(userId)) views.set(userId, nameless(userId));
    return views;
  }

  async view(userId: UserId): Promise<UserView> {
    return (await this.views([userId])).get(userId) ?? nameless(userId);
  }

  /**
   * The view of a user who is known to exist, though perhaps not yet to the read models: an account that was
   * registered a moment ago is waited for, bounded.
   */
  async viewOfNew(userId: UserId): Promise<UserView> {
    const { clock, timers } = this.#runtime;
    const deadlineMs = clock.monotonicMs() + limits.gateway.newAccountMs;
    for (;;) {
      const view = await this.view(userId);
      if (this.#entries.has(userId) || clock.monotonicMs() >= deadlineMs) return view;
      await timers.sleep(limits.gateway.newAccountPollMs);
    }
  }

  /** Only those that exist. */
  async known(userIds: Iterable<UserId>): Promise<readonly UserView[]> {
    const views = await this.views(userIds);
    return [...views.values()].filter((view) => this.#entries.has(view.userId));
  }

  /** Opens an account's row and keeps it. */
  async learn(row: AccountRow): Promise<UserView> {
    const [username, nickname] = await Promise.all([this.#open(row.username), this.#open(row.nickname)]);
    const view = { userId: row.userId, username, nickname };
    this.#entries.delete(row.userId);
    this.#entries.set(row.userId, { loadedAtMs: this.#runtime.clock.monotonicMs(), view });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= limits.gateway.cachedUsersMax) break;
      this.#entries.delete(oldest);
    }
    return view;
  }
}

const accountsPerRead = 200;

function nameless(userId: UserId): UserView {
  return { userId, username: null, nickname: null };
}

import type { Logger } from 'pino';
import { limits } from '../../config/limits.ts';
import type { DeviceId, UserId } from '../../domain/ids.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Tokens } from '../../vault/tokens.ts';
import type { ReadSide } from '../read-side.ts';
import type { Hub } from './hub.ts';

export interface AccessRefreshOptions {
  readonly hub: Hub;
  readonly reads: Pick<ReadSide, 'accounts'>;
  readonly tokens: Pick<Tokens, 'revokedDevices'>;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** The user, or one of their devices, may have no connections any more. */
  readonly endSessions: (userId: UserId, deviceId?: DeviceId) => void;
}

/**
 * Reads again who may get what: the groups of everyone connected here, frozen and closed accounts, and devices
 * that were logged out. The bus tells of each change of these once; when it may have lost one, nothing else would
 * ever make up for it.
 *
 * One round runs at a time, and one more is waited for by all who ask meanwhile. A round that fails is tried
 * again until it succeeds: in between, what is known here counts as stale.
 */
export class AccessRefresh {
  readonly #options: AccessRefreshOptions;
  readonly #stopped = new AbortController();
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(options: AccessRefreshOptions) {
    this.#options = options;
  }

  /** Whether what is known here may lack something that the bus has lost. */
  get isStale(): boolean {
    return this.#current !== undefined;
  }

  /** Reads everything again. Resolves when all that had happened before the call is known; never rejects. */
  refresh(): Promise<void> {
    if (this.#current === undefined) return this.#begin();
    this.#next ??= this.#current.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  /** Resolves to whether nothing is stale any more, within `timeoutMs`. */
  async waitFresh(timeoutMs: number): Promise<boolean> {
    const { clock, timers } = this.#options.runtime;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    while (this.#current !== undefined) {
      const leftMs = deadlineMs - clock.monotonicMs();
      if (leftMs <= 0) return false;
      const waiting = new AbortController();
      await Promise.race([this.#next ?? this.#current, timers.sleep(leftMs, waiting.signal)]);
      waiting.abort();
    }
    return true;
  }

  stop(): void {
    this.#stopped.abort();
  }

  #begin(): Promise<void> {
    const round = this.#round().finally(() => {
      // Whoever waits for another round begins it in this same turn: nothing counts as fresh in between.
      if (this.#next === undefined) this.#current = undefined;
    });
    this.#current = round;
    return round;
  }

  async #round(): Promise<void> {
    const { runtime, logger } = this.#options;
    for (let attempt = 0; !this.#stopped.signal.aborted; attempt += 1) {
      try {
        await Promise.all([this.#options.hub.reloadGroups(), this.#endSessions()]);
        return;
      } catch (error) {
        logger.warn({ err: error }, 'who may get what could not be read again');
        const { refreshDelayMsMin, refreshDelayMsMax } = limits.gateway;
        const delayMs = backoffMs(attempt, refreshDelayMsMin, refreshDelayMsMax, runtime.random);
        await runtime.timers.sleep(delayMs, this.#stopped.signal);
      }
    }
  }

  async #endSessions(): Promise<void> {
    const { hub, reads, tokens, endSessions } = this.#options;
    const users = [...hub.users()];
    const { refreshUsersPerRead } = limits.gateway;
    for (let start = 0; start < users.length; start += refreshUsersPerRead) {
      const some = users.slice(start, start + refreshUsersPerRead);
      const devices = some.flatMap(({ userId, connections }) =>
        connections.flatMap(({ deviceId }) => (deviceId === undefined ? [] : [{ userId, deviceId }])),
      );
      const [accounts, revoked] = await Promise.all([
        reads.accounts(some.map(({ userId }) => userId)),
        tokens.revokedDevices(devices),
      ]);
      for (const { userId, frozen, closed } of accounts) if (frozen || closed) endSessions(userId);
      for (const { userId, deviceId } of revoked) endSessions(userId, deviceId);
    }
  }
}

import { limits } from '../../config/limits.ts';
import type { PacketId } from '../../domain/ids.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Clock, RandomSource } from '../../runtime/runtime.ts';

interface Tracked {
  readonly expiresAtSecond: number;
  readonly attempts: number;
  /** Monotonic ms from which the packet may be asked for again; `undefined` while a refund is under way. */
  readonly againAtMs: number | undefined;
}

/**
 * The packets that this process has asked a refund for, and that it leaves alone for now:
 *
 *   due --begin--> in flight --settled--> waiting for its row to go --grace over--> due again
 *                           --failed----> backing off -----------------delay over--> due again
 *
 * A settled packet whose row goes, as it should, is forgotten when its grace is over.
 */
export class TrackedRefunds {
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #tracked = new Map<PacketId, Tracked>();
  /** Failures so far of those that are due again. */
  readonly #attempts = new Map<PacketId, number>();
  #inFlight = 0;

  constructor(clock: Clock, random: RandomSource) {
    this.#clock = clock;
    this.#random = random;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many more may begin now. */
  get room(): number {
    const { inFlightMax, trackedMax } = limits.scheduler;
    return Math.max(0, Math.min(inFlightMax - this.#inFlight, trackedMax - this.#tracked.size));
  }

  /** Whom to leave out when looking for what is due. Forgets those whose delay is over. */
  leftAlone(): PacketId[] {
    const nowMs = this.#clock.monotonicMs();
    for (const [packetId, { againAtMs, attempts }] of this.#tracked) {
      if (againAtMs === undefined || againAtMs > nowMs) continue;
      this.#tracked.delete(packetId);
      if (attempts > 0) this.#rememberAttempts(packetId, attempts);
    }
    return [...this.#tracked.keys()];
  }

  /** False when it is in flight or to be left alone already. */
  begin(packetId: PacketId, expiresAtSecond: number): boolean {
    if (this.#tracked.has(packetId)) return false;
    const attempts = this.#attempts.get(packetId) ?? 0;
    this.#attempts.delete(packetId);
    this.#tracked.set(packetId, { expiresAtSecond, attempts, againAtMs: undefined });
    this.#inFlight += 1;
    return true;
  }

  /** The log has the packet's end: its row is about to go. */
  settled(packetId: PacketId): void {
    this.#finish(packetId, () => ({ attempts: 0, delayMs: limits.scheduler.settleGraceMs }));
  }

  /** It did not work, or nobody knows; `delayMs` when the other side said how long to wait. */
  failed(packetId: PacketId, delayMs?: number): void {
    const { retryDelayMsMin, retryDelayMsMax } = limits.scheduler;
    this.#finish(packetId, (before) => {
      const attempts = before + 1;
      const ownMs = backoffMs(attempts - 1, retryDelayMsMin, retryDelayMsMax, this.#random);
      return { attempts, delayMs: Math.min(retryDelayMsMax, Math.max(ownMs, delayMs ?? 0)) };
    });
  }

  #finish(
    packetId: PacketId,
    next: (attempts: number) => { readonly attempts: number; readonly delayMs: number },
  ): void {
    const tracked = this.#tracked.get(packetId);
    if (tracked === undefined || tracked.againAtMs !== undefined) return;
    this.#inFlight -= 1;
    const { attempts, delayMs } = next(tracked.attempts);
    this.#tracked.set(packetId, { ...tracked, attempts, againAtMs: this.#clock.monotonicMs() + delayMs });
  }

  #rememberAttempts(packetId: PacketId, attempts: number): void {
    // Oldest out: forgetting one only shortens its next delay.
    const [oldest] = this.#attempts.keys();
    if (this.#attempts.size >= limits.scheduler.trackedMax && oldest !== undefined)
      this.#attempts.delete(oldest);
    this.#attempts.set(packetId, attempts);
  }
}

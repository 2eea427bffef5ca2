import type pg from 'pg';
import type { Logger } from 'pino';
import type { RefundOutcome, RefundPort } from '../../commands/refund-port.ts';
import { limits } from '../../config/limits.ts';
import type { SharedLeaseStore } from '../../runtime/leases.ts';
import type { Runtime, TimerHandle } from '../../runtime/runtime.ts';
import { HeldLeases } from '../held-leases.ts';
import type { DuePacket } from './due-packets.ts';
import { countPackets, duePackets } from './due-packets.ts';
import type { LatenessSnapshot } from './lateness.ts';
import { LatenessHistogram } from './lateness.ts';
import { TrackedRefunds } from './tracked-refunds.ts';

/*
 * At every second boundary the scheduler looks for what is due in the shards that it leases - in this second and
 * overdue alike, so that a row which was committed late, or was in another's shard when its second came, is found
 * by the next look - and asks for refunds, oldest first, a bounded number at once. As refunds end it looks again,
 * until a look finds nothing; then it waits for the next boundary.
 *
 * A packet stays in the table until the log has its end and the projection has seen it, so nothing is forgotten
 * by a crash anywhere; what is asked twice because of one, the packet's stream refuses.
 */

export interface SchedulerDeps {
  readonly pool: pg.Pool;
  readonly leases: SharedLeaseStore;
  readonly refunds: RefundPort;
  readonly runtime: Runtime;
  readonly logger: Logger;
}

export interface SchedulerStatus {
  /** Packets, in all shards, whose second is to come or whose refund is. */
  readonly pending: number;
  /** Of these: whose second has come. */
  readonly due: number;
  /** Refunds under way in this process. */
  readonly inFlight: number;
  /** Refunds that this process has seen become durable. */
  readonly fired: number;
  readonly lateness: LatenessSnapshot;
  /** The shards that this process looks after. */
  readonly shards: readonly number[];
  /** The wall clock has jumped: nothing is refunded until it can be trusted again. */
  readonly paused: boolean;
}

export interface RefundScheduler {
  start(): void;
  /** Takes on nothing new, lets what is in flight end, and gives its shards to others. */
  stop(): Promise<void>;
  status(): Promise<SchedulerStatus>;
}

/** Refunds packets when their second comes. */
export function createRefundScheduler(deps: SchedulerDeps): RefundScheduler {
  return new Scheduler(deps);
}

class Scheduler implements RefundScheduler {
  readonly #deps: SchedulerDeps;
  readonly #leases: HeldLeases;
  readonly #tracked: TrackedRefunds;
  readonly #lateness = new LatenessHistogram();
  readonly #inFlight = new Set<Promise<void>>();
  #timer: TimerHandle | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  /** The last look found as many as there was room for. */
  #hasMore = false;
  #paused = false;
  #stopped = false;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    const { clock, random, ids } = deps.runtime;
    this.#tracked = new TrackedRefunds(clock, random);
    this.#leases = new HeldLeases({
      store: deps.leases,
      runtime: deps.runtime,
      logger: deps.logger,
      group: 'scheduler',
      count: async () => limits.scheduler.shards,
      holder: ids.next(),
      ttlMs: limits.scheduler.leaseTtlMs,
      renewMs: limits.scheduler.leaseRenewMs,
      retryMs: limits.scheduler.leaseRetryMs,
      onChange: () => this.#look(),
    });
  }

  start(): void {
    this.#leases.start();
    this.#waitForBoundary();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#leases.stop();
    await this.#looking;
    await Promise.all(this.#inFlight);
  }

  async status(): Promise<SchedulerStatus> {
    const counts = await countPackets(this.#deps.pool, this.#nowSecond());
    const lateness = this.#lateness.snapshot();
    return {
      ...counts,
      inFlight: this.#tracked.inFlight,
      fired: lateness.count,
      lateness,
      shards: this.#leases.held,
      paused: this.#paused,
    };
  }

  /** Aligned anew each time, so that ticks do not drift away from the second. */
  #waitForBoundary(): void {
    const { clock, timers } = this.#deps.runtime;
    const delayMs = 1_000 - (clock.nowMs() % 1_000);
    this.#timer = timers.after(delayMs, () => {
      this.#look();
      this.#waitForBoundary();
    });
  }

  /** One look at a time; whoever asks during one gets another after it. */
  #look(): void {
    if (this.#stopped) return;
    this.#lookAgain = true;
    this.#looking ??= this.#lookWhileAsked().finally(() => {
      this.#looking = undefined;
    });
  }

  async #lookWhileAsked(): Promise<void> {
    while (this.#lookAgain && !this.#stopped) {
      this.#lookAgain = false;
      try {
        await this.#takeWhatIsDue();
      } catch (error) {
        this.#deps.logger.warn(
          { err: error },
          'could not look for expired packets; the next second tries again',
        );
      }
    }
  }

  async #takeWhatIsDue(): Promise<void> {
    this.#paused = this.#deps.refunds.pausedMs() > 0;
    const shards = this.#leases.held;
    if (this.#paused || shards.length === 0) return;
    const except = this.#tracked.leftAlone();
    const room = this.#tracked.room;
    this.#hasMore = room === 0;
    if (room === 0) return;
    const due = await duePackets(this.#deps.pool, shards, this.#nowSecond(), except, room);
    this.#hasMore = due.length === room;
    for (const packet of due) this.#begin(packet);
  }

  #begin(packet: DuePacket): void {
    if (this.#stopped || !this.#tracked.begin(packet.packetId, packet.expiresAtSecond)) return;
    const refund = this.#refund(packet).finally(() => {
      this.#inFlight.delete(refund);
      if (this.#hasMore) this.#look();
    });
    this.#inFlight.add(refund);
  }

  async #refund({ packetId, expiresAtSecond }: DuePacket): Promise<void> {
    const { refunds, logger, runtime } = this.#deps;
    let outcome: RefundOutcome;
    try {
      outcome = await refunds.refundPacket(packetId);
    } catch (error) {
      logger.error({ err: error, packetId }, 'a refund failed; it is tried again');
      this.#tracked.failed(packetId);
      return;
    }
    switch (outcome.kind) {
      case 'ended':
        // Its row goes when the projection gets there. If it does not, we ask again.
        if (outcome.refunded) {
          this.#lateness.record(Math.max(0, runtime.clock.nowMs() - expiresAtSecond * 1_000));
        }
        this.#tracked.settled(packetId);
        return;
      case 'not-expired':
        this.#tracked.failed(packetId);
        return;
      case 'retry':
        this.#tracked.failed(packetId, outcome.afterMs);
        return;
    }
  }

  #nowSecond(): number {
    return Math.floor(this.#deps.runtime.clock.nowMs() / 1_000);
  }
}

import type { Position } from '../../commands/event-log.ts';
import { limits } from '../../config/limits.ts';
import type { Clock } from '../../runtime/runtime.ts';
import type { ReadSide } from '../read-side.ts';
import type { AccessRefresh } from './access-refresh.ts';

export interface MembershipGateOptions {
  readonly reads: Pick<ReadSide, 'waitFor'>;
  readonly access: Pick<AccessRefresh, 'isStale' | 'waitFresh'>;
  readonly clock: Clock;
}

/**
 * Says whether the memberships known here are as new as what is to go to a group. It waits for them, bounded;
 * once that was in vain, it waits no more until they have caught up, so that memberships which stand still cost
 * one wait and not one per batch.
 */
export class MembershipGate {
  readonly #options: MembershipGateOptions;
  #isBehind = false;

  constructor(options: MembershipGateOptions) {
    this.#options = options;
  }

  /** Resolves to true when whoever was removed before `position` is known to be out, within `membershipWaitMs`. */
  async opensFor(position: Position): Promise<boolean> {
    const { reads, access, clock } = this.#options;
    const deadlineMs = clock.monotonicMs() + (this.#isBehind ? 0 : limits.gateway.membershipWaitMs);
    const leftMs = () => Math.max(0, deadlineMs - clock.monotonicMs());
    // The bus may have lost a membership before the position that is reached: hence both, in this order.
    const isOpen =
      (await reads.waitFor(['groups'], position, leftMs())) && (await access.waitFresh(leftMs()));
    this.#isBehind = !isOpen;
    return isOpen;
  }

  /** Whether it has closed again since it was asked. */
  get hasClosed(): boolean {
    return this.#options.access.isStale;
  }
}

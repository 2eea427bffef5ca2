import type { PacketId } from '../domain/ids.ts';

/** What the write side offers to whoever watches the expiry of packets. */
export interface RefundPort {
  /**
   * Ends an expired packet and sets its rest free for the sender. May be called at any time, any number of times
   * and from any number of processes: the packet's own stream decides. Never throws for an unreachable store.
   */
  refundPacket(packetId: PacketId): Promise<RefundOutcome>;
  /** For how long (ms) refunds pause because the wall clock cannot be trusted; 0 when it can. Ask often. */
  pausedMs(): number;
}

export type RefundOutcome =
  /** The packet has its end, now or before, and in the log: there is nothing left to do. */
  | { readonly kind: 'ended'; readonly refunded: boolean }
  /** Its second has not come on this machine's clock. */
  | { readonly kind: 'not-expired'; readonly expiresAtSecond: number }
  /** Ask again. `clock`: the wall clock cannot be trusted now. */
  | { readonly kind: 'retry'; readonly afterMs: number; readonly cause: 'clock' | 'busy' | 'unavailable' };

import type { UserId } from '../ids.ts';
import type { Sealed } from '../sealed.ts';
import type { CancelReason } from './packet-events.ts';
import type { PacketTerms } from './packet-terms.ts';

/**
 * To `packet-{packetId}`. The seed (32 bytes) is secret until the packet ends, so it is never in the state: the
 * caller recomputes it from the master key and hands it in.
 */
export type PacketCommand =
  /** Idempotent: accepted without an event when the packet exists with these very terms. */
  | { readonly type: 'OpenPacket'; readonly terms: PacketTerms }
  | {
      readonly type: 'GrabPacket';
      readonly by: UserId;
      readonly seed: Uint8Array;
      /** Of the phrase that came with the grab, made as the packet's own is. */
      readonly verifier?: string | undefined;
    }
  /** By who has a share, once, also after the end. */
  | { readonly type: 'ThankForPacket'; readonly by: UserId; readonly note: Sealed }
  | { readonly type: 'RefundPacket'; readonly seed: Uint8Array }
  | { readonly type: 'CancelPacket'; readonly reason: CancelReason; readonly seed: Uint8Array };

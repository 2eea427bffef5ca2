import type { ClientMessageId, PacketId, UserId } from '../ids.ts';
import type { PacketTerms } from '../packet/packet-terms.ts';

/** On `wallet-{userId}`. All amounts are integer fen, above 0. */
export type WalletEvent =
  | { readonly type: 'WalletOpened'; readonly data: { readonly userId: UserId } }
  | {
      readonly type: 'FundsDeposited';
      /** `providerRef` is the payment provider's own number: the same one is never taken twice. */
      readonly data: { readonly userId: UserId; readonly amountFen: number; readonly providerRef: string };
    }
  | {
      readonly type: 'FundsWithdrawn';
      readonly data: { readonly userId: UserId; readonly amountFen: number; readonly providerRef: string };
    }
  | {
      readonly type: 'PacketFunded';
      /** Holds everything that the later steps of the send need, so that anyone can finish it. */
      readonly data: {
        readonly userId: UserId;
        readonly amountFen: number;
        readonly terms: PacketTerms;
        readonly clientMsgId: ClientMessageId;
      };
    }
  | {
      readonly type: 'GrabCredited';
      readonly data: {
        readonly userId: UserId;
        readonly packetId: PacketId;
        /** With `packetId` the credit's key: a wallet takes each key once. */
        readonly shareIndex: number;
        readonly amountFen: number;
        /** Until 30 days after this second, the wallet's state remembers the key. */
        readonly expiresAtSecond: number;
      };
    }
  | {
      readonly type: 'RefundCredited';
      readonly data: {
        readonly userId: UserId;
        readonly packetId: PacketId;
        readonly amountFen: number;
        readonly expiresAtSecond: number;
      };
    };

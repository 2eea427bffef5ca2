import type { ClientMessageId, PacketId, UserId } from '../ids.ts';
import type { PacketLimits } from '../packet/packet-limits.ts';
import type { PacketTerms } from '../packet/packet-terms.ts';

/** To `wallet-{userId}`. */
export type WalletCommand =
  | { readonly type: 'OpenWallet'; readonly userId: UserId }
  | {
      readonly type: 'Deposit';
      readonly userId: UserId;
      readonly amountFen: number;
      readonly providerRef: string;
    }
  | {
      readonly type: 'Withdraw';
      readonly userId: UserId;
      readonly amountFen: number;
      readonly providerRef: string;
    }
  | {
      readonly type: 'FundPacket';
      readonly userId: UserId;
      readonly terms: PacketTerms;
      readonly clientMsgId: ClientMessageId;
      /** What the operator allows at this moment. */
      readonly limits: PacketLimits;
    }
  /** Credits: accepted without an event when the wallet has the key already, never refused for business reasons. */
  | {
      readonly type: 'CreditGrab';
      readonly userId: UserId;
      readonly packetId: PacketId;
      readonly shareIndex: number;
      readonly amountFen: number;
      readonly expiresAtSecond: number;
      /** Set by a caller who has read the whole stream and not found the key; see `mayHaveForgotten`. */
      readonly absenceProven?: true;
    }
  | {
      readonly type: 'CreditRefund';
      readonly userId: UserId;
      readonly packetId: PacketId;
      readonly amountFen: number;
      readonly expiresAtSecond: number;
      /** Set by a caller who has read the whole stream and not found the key; see `mayHaveForgotten`. */
      readonly absenceProven?: true;
    };

import type { Logger } from 'pino';
import type { PacketLimits } from '../domain/packet/packet-limits.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Keyring } from '../vault/keyring.ts';
import type { MasterKey } from '../vault/master-key.ts';
import type { PaymentTokens } from '../vault/payment-tokens.ts';
import type { Aggregates } from './aggregates.ts';
import type { EventLog } from './event-log.ts';
import type { PhraseTries } from './phrase-tries.ts';
import type { Preconditions } from './preconditions.ts';
import type { ReceiptBuffer } from './receipt-buffer.ts';

/** What request handlers and process managers work with. */
export interface WriteScope {
  readonly eventLog: EventLog;
  readonly aggregates: Aggregates;
  readonly preconditions: Preconditions;
  readonly receipts: ReceiptBuffer;
  readonly keyring: Keyring;
  readonly masterKey: MasterKey;
  readonly paymentTokens: Pick<PaymentTokens, 'verify'>;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Whether deposits come from nowhere, as in development. */
  readonly sandboxMoney: boolean;
  readonly packetLimits: PacketLimits;
  readonly phraseTries: PhraseTries;
  /** How old a wallet may be that tells what its user has received today, ms. */
  readonly dayTotalAgeMs: number;
  /** How old a packet may be that somebody only looks at, ms. */
  readonly peekAgeMs: number;
}

/** What a sealed message body says, as JSON. */
export type MessageBody =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'packet'; readonly packetId: string; readonly greeting: string };

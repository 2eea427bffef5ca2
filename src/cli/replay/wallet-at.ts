import type { EventLog } from '../../commands/event-log.ts';
import { accountDecider } from '../../domain/account/account-decider.ts';
import type { AccountState } from '../../domain/account/account-state.ts';
import type { UserId } from '../../domain/ids.ts';
import { streams } from '../../domain/streams.ts';
import { walletDecider } from '../../domain/wallet/wallet-decider.ts';
import type { WalletEvent } from '../../domain/wallet/wallet-events.ts';
import { type FoldedStream, foldStream } from './fold-stream.ts';
import type { Moment } from './moment.ts';

/** The kinds of entries, by their events. */
export const walletEntryKinds = [
  'FundsDeposited',
  'FundsWithdrawn',
  'PacketFunded',
  'GrabCredited',
  'RefundCredited',
] as const satisfies readonly WalletEvent['type'][];

export interface WalletView {
  readonly opened: boolean;
  readonly balanceFen: number;
  /** A wallet is not frozen by itself: its owner's account is. */
  readonly ownerStatus: AccountState['status'];
  readonly entries: Readonly<
    Record<(typeof walletEntryKinds)[number], { readonly count: number; readonly totalFen: number }>
  >;
}

/** A wallet as it was at a moment. */
export async function walletAt(
  log: EventLog,
  userId: UserId,
  moment: Moment,
): Promise<FoldedStream<WalletView>> {
  const none = { count: 0, totalFen: 0 };
  const entries = {
    FundsDeposited: none,
    FundsWithdrawn: none,
    PacketFunded: none,
    GrabCredited: none,
    RefundCredited: none,
  };
  const folded = await foldStream(
    log,
    streams.wallet(userId),
    walletDecider,
    moment,
    ({ type, data }: WalletEvent) => {
      if (type === 'WalletOpened') return;
      const { count, totalFen } = entries[type];
      entries[type] = { count: count + 1, totalFen: totalFen + data.amountFen };
    },
  );
  const owner = await foldStream(log, streams.account(userId), accountDecider, moment);
  const { opened, balanceFen } = folded.state;
  return { ...folded, state: { opened, balanceFen, ownerStatus: owner.state.status, entries } };
}

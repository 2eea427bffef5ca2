import { rejection } from '../../domain/decider.ts';
import { streams } from '../../domain/streams.ts';
import type { WalletEvent } from '../../domain/wallet/wallet-events.ts';
import type { WalletState } from '../../domain/wallet/wallet-state.ts';
import type { CommandOutcome } from '../command-envelope.ts';
import { outcomeOf, rejected } from '../outcomes.ts';
import type { Outcome } from '../requests.ts';
import { openBody, userCommand } from '../user-command.ts';
import type { WriteScope } from '../write-scope.ts';
import type { Handlers } from './handler.ts';

const noSandbox = rejection('not-in-production', 'Sandbox deposits exist in development only.');

export function moneyHandlers({ aggregates, sandboxMoney }: WriteScope): Handlers<'deposit' | 'withdraw'> {
  /** The balance right after the command, also when it is answered again after the wallet has moved on. */
  async function balanceAfter(
    stream: string,
    outcome: CommandOutcome<WalletState, WalletEvent>,
  ): Promise<Outcome<{ balanceFen: number }>> {
    let balanceFen = 0;
    if (outcome.kind === 'accepted') {
      const last = outcome.events.at(-1);
      const movedOn = last !== undefined && outcome.revision > last.revision;
      const { state } = movedOn ? await aggregates.wallet.stateAt(stream, last.revision) : outcome;
      balanceFen = state.balanceFen;
    }
    return outcomeOf(outcome, () => ({ balanceFen }));
  }

  return {
    async deposit(request, context) {
      if (!sandboxMoney) return rejected(noSandbox);
      const stream = streams.wallet(context.userId);
      const command = { type: 'Deposit', userId: context.userId, ...request } as const;
      const envelope = userCommand(context, command, openBody('deposit', request));
      return balanceAfter(stream, await aggregates.wallet.execute(stream, envelope));
    },

    async withdraw(request, context) {
      const stream = streams.wallet(context.userId);
      const command = { type: 'Withdraw', userId: context.userId, ...request } as const;
      const envelope = userCommand(context, command, openBody('withdraw', request));
      return balanceAfter(stream, await aggregates.wallet.execute(stream, envelope));
    },
  };
}

import { rejection } from '../../domain/decider.ts';
import { streams } from '../../domain/streams.ts';
import type { WalletCommand } from '../../domain/wallet/wallet-commands.ts';
import { balanceAfterTransfer } from '../../domain/wallet/wallet-state.ts';
import { outcomeOf, rejected } from '../outcomes.ts';
import { paymentRefusal } from '../payment-refusal.ts';
import type { AnswerOf, Outcome, RequestContext, RequestOf } from '../requests.ts';
import { openBody, userCommand } from '../user-command.ts';
import type { Rejection } from '../../domain/decider.ts';
import type { WriteScope } from '../write-scope.ts';
import type { Handlers } from './handler.ts';

type Transfer = 'deposit' | 'withdraw';

const noSandbox = rejection('not-in-production', 'Sandbox deposits exist in development only.');
const commandTypes = { deposit: 'Deposit', withdraw: 'Withdraw' } as const;

export function moneyHandlers(scope: WriteScope): Handlers<Transfer> {
  const { aggregates, sandboxMoney } = scope;
  /** Answers the balance right after the transfer, also when it is asked for again after the wallet has moved on. */
  async function transfer(
    type: Transfer,
    request: RequestOf<Transfer>,
    context: RequestContext,
    refusal?: Rejection,
  ): Promise<Outcome<AnswerOf<Transfer>>> {
    const { userId } = context;
    // Named one by one: nothing else that a request may hold can become part of the command.
    const { amountFen, providerRef } = request;
    const command: WalletCommand = { type: commandTypes[type], userId, amountFen, providerRef };
    const body = openBody(type, { amountFen, providerRef });
    const envelope = userCommand(context, command, { ...body, refusal });
    const outcome = await aggregates.wallet.execute(streams.wallet(userId), envelope);
    return outcomeOf(outcome, ({ state }) => {
      const balanceFen = balanceAfterTransfer(state, providerRef);
      if (balanceFen === undefined) throw new Error(`the wallet of ${userId} lacks an accepted transfer`);
      return { balanceFen };
    });
  }

  return {
    deposit: async (request, context) =>
      sandboxMoney ? transfer('deposit', request, context) : rejected(noSandbox),
    withdraw: async (request, context) =>
      transfer('withdraw', request, context, await paymentRefusal(scope, context, request.paymentToken)),
  };
}

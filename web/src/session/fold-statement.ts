import type { Page } from '../../../src/protocol/http.ts';
import type { WalletEntryView } from '../../../src/protocol/views/money-views.ts';
import type { SessionState } from './session-state.ts';

/**
 * The state after the wallet and the newest page of its statement were read. Updates may have overtaken the
 * read: then what is shown is newer and stays. The newest entry says the balance, so that both agree.
 */
export function foldStatement(
  state: SessionState,
  balanceFen: number,
  page: Page<WalletEntryView>,
): SessionState {
  const [newest] = page.items;
  const shown = state.statement?.[0]?.entryNo ?? 0;
  if (shown > (newest?.entryNo ?? 0)) return state;
  return {
    ...state,
    balanceFen: newest?.balanceFen ?? balanceFen,
    statement: page.items,
    statementNext: page.next,
  };
}

import type pg from 'pg';
import type { UserId } from '../../domain/ids.ts';
import { sqlOn } from '../sql.ts';
import type { WalletEntryRow } from '../wallet-projection.ts';
import { walletEntryFields } from '../wallet-projection.ts';
import type { Page } from './page.ts';
import { pageOf, pageSize } from './page.ts';

/** A user's balance in fen; `undefined` while there is no wallet. */
export async function walletBalance(pool: pg.Pool, user: UserId): Promise<number | undefined> {
  const [row] = await sqlOn(pool).query<{ balanceFen: number }>(
    'select balance_fen as "balanceFen" from read.wallet where user_id = $1',
    [user],
  );
  return row?.balanceFen;
}

/** A user's statement, newest entry first. `before` is the entry number that the last page ended with. */
export async function walletStatementPage(
  pool: pg.Pool,
  user: UserId,
  options: { readonly before?: number; readonly limit?: number } = {},
): Promise<Page<WalletEntryRow, number>> {
  const size = pageSize(options.limit);
  const rows = await sqlOn(pool).query<WalletEntryRow>(
    `select ${walletEntryFields} from read.wallet_entry
     where user_id = $1 and entry_no < $2 order by entry_no desc limit $3`,
    [user, options.before ?? Number.MAX_SAFE_INTEGER, size + 1],
  );
  return pageOf(rows, size, (last) => last.entryNo);
}

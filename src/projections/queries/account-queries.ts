import type pg from 'pg';
import type { UserId } from '../../domain/ids.ts';
import type { AccountRow } from '../accounts-projection.ts';
import { accountFields } from '../accounts-projection.ts';
import { sqlOn } from '../sql.ts';

/** Public profiles; those that do not exist are left out. */
export function accountsByIds(pool: pg.Pool, userIds: readonly UserId[]): Promise<AccountRow[]> {
  return sqlOn(pool).query<AccountRow>(
    `select ${accountFields} from read.account where user_id = any($1::uuid[])`,
    [userIds],
  );
}

import type { Logger } from 'pino';
import type { Accounts } from '../commands/accounts.ts';

/** Who is there in development for a lone visitor to be. Their passwords are no secret. */
export const demoAccounts = ['Alice', 'Bob', 'Carol'].map((nickname) => ({
  nickname,
  username: nickname.toLowerCase(),
  password: `${nickname.toLowerCase()}-hongbao`,
}));

/** Registers those who are not there yet. */
export async function ensureDemoAccounts(
  accounts: Pick<Accounts, 'register' | 'userIdOf'>,
  logger: Logger,
): Promise<void> {
  for (const account of demoAccounts) {
    if ((await accounts.userIdOf(account.username)) !== undefined) continue;
    const outcome = await accounts.register({ ...account, deviceName: 'demo' });
    // Another process may have been faster; anything else a visitor finds out at the login.
    if (outcome.kind !== 'accepted') logger.warn({ outcome, account: account.username }, 'no demo account');
  }
}

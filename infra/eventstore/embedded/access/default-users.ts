import type { Logger } from 'pino';
import { ADMIN_LOGIN, ADMINS, OPERATOR_LOGIN, OPERATORS } from './caller.ts';
import type { PasswordHasher } from './password-hash.ts';
import type { UserDirectory } from './user-directory.ts';

/** As EventStoreDB has them. */
const DEFAULT_PASSWORD = 'changeit';

const defaultUsers = [
  { login: ADMIN_LOGIN, fullName: 'Administrator', groups: [ADMINS] },
  { login: OPERATOR_LOGIN, fullName: 'Operator', groups: [OPERATORS] },
] as const;

/**
 * The users that a node which checks access begins with. One who was deleted does not come back: his password is
 * known to everybody.
 */
export async function createDefaultUsers(
  directory: UserDirectory,
  hasher: PasswordHasher,
  logger: Logger,
): Promise<void> {
  for (const { login, fullName, groups } of defaultUsers) {
    if (directory.wasCreated(login)) continue;
    const password = await hasher.hash(DEFAULT_PASSWORD);
    await directory.create({ login, fullName, groups, disabled: false, password });
    logger.warn({ login }, 'a user was created with the default password; change it');
  }
}

/** The role that tests log in as: like the application's, no superuser. It has the superuser's password. */
export const testRole = 'tester';

/** The database that `createTestDatabase` clones: all migrations applied, nobody connected. */
export const templateDatabase = 'hongbao_template';

/** `adminUrl` with another database and the tests' role. */
export function testDatabaseUrl(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.username = testRole;
  url.pathname = `/${database}`;
  return url.href;
}

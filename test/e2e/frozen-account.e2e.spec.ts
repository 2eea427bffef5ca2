import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anotherDevice, codeOf, type Person, register } from '../support/people.ts';
import { runCli } from '../support/run-cli.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** An operator freezes a user beside the running server. */
describe('hongbao accounts', () => {
  let server: TestServer;
  let alice: Person;

  beforeAll(async () => {
    server = await startServer();
    alice = await register('Alice', server.url);
  });

  afterAll(async () => {
    alice?.client.disconnect();
    await server?.close();
  });

  const accounts = (...words: string[]) => runCli(['accounts', ...words], server.env);

  it('freeze closes the open sockets of the user, by name, and keeps the user out', async () => {
    const ended = alice.client.next('sessionEnded');
    const { code, stdout, stderr } = await accounts('freeze', alice.username, '--reason', 'ticket 31');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`recorded: the account ${alice.userId} is frozen\n`);
    await ended;
    expect(await codeOf(anotherDevice(alice, server.url))).toBe('account-frozen');
    const shown = await accounts('show', alice.userId, '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({
      state: { status: 'frozen', changed: { reason: 'ticket 31' } },
    });
  });

  it('unfreeze lets the user in again', async () => {
    const { stdout } = await accounts('unfreeze', alice.userId, '--reason', 'settled', '--json');
    expect(JSON.parse(stdout)).toEqual({ outcome: 'recorded', userId: alice.userId, status: 'active' });
    const client = await anotherDevice(alice, server.url);
    client.disconnect();
  });

  it('refuse a freeze without a reason, and a user that there is not', async () => {
    expect(await accounts('freeze', alice.username)).toMatchObject({ code: 2, stdout: '' });
    const { code, stderr } = await accounts('freeze', 'nobody-of-this-name', '--reason', 'x');
    expect([code, stderr]).toEqual([1, 'hongbao: Nobody has the user name "nobody-of-this-name".\n']);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, register } from '../support/people.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** A statement as a file, from the read model in PostgreSQL. */
describe('GET /api/wallet/statement.csv', () => {
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

  const download = (query: string, token = alice.client.session?.tokens.accessToken) =>
    fetch(new URL(`/api/wallet/statement.csv${query}`, server.url), {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });

  it('has more entries than a page, a formula is text, and what was just written is in it', async () => {
    const references = Array.from({ length: 230 }, (_, index) => `=${index}`);
    let position = '';
    for (const providerRef of references) {
      const accepted = await alice.client.request('deposit', { amountFen: 1, providerRef });
      position = accepted.position;
    }
    const response = await download(`?after_position=${position}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="statement.csv"');
    const [names, ...lines] = (await response.text()).trimEnd().split('\r\n');
    expect(names).toBe('entryNo,time,kind,amountFen,balanceFen,packetId,providerRef');
    expect(lines.map((line) => line.split(',').at(-1))).toEqual(
      references.map((reference) => `'${reference}`).reverse(),
    );
    const entryNo = lines.at(-2)?.split(',')[0];
    const rest = await (await download(`?after=${entryNo}`)).text();
    expect(rest.trimEnd().split('\r\n')).toEqual([names, lines.at(-1)]);
  });

  it('asks who one is, and for a cursor that is one', async () => {
    expect((await download('', 'nobody')).status).toBe(401);
    expect((await download('?after=x')).status).toBe(400);
  });
});

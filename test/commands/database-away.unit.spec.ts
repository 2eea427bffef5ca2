import { describe, expect, it } from 'vitest';
import { ask, befriended, messageId, registered, text, world } from './support/write-side-world.ts';

/** Keys are kept in a database, and looked up again when they have been in memory for long enough. */
describe('a request that needs a key while the database', () => {
  async function answerTo(fault: Error) {
    const w = world();
    const side = await w.start();
    const [alice, bob] = [await registered(side, 'alice'), await registered(side, 'bob')];
    const conversationId = await befriended(w, side, alice, bob);
    const vault = new Proxy(w.vault, {
      get(target, name) {
        if (name === 'ensureDataKey' || name === 'dataKey') return () => Promise.reject(fault);
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    const failing = await w.start({ vault });
    const message = { conversationId, clientMsgId: messageId('m'), content: text('hi') };
    const answer = await ask(w, failing, alice, 'sendMessage', message);
    expect(w.log.events.filter(({ type }) => type === 'MessageSent')).toEqual([]);
    return answer;
  }

  it.each([
    Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' }),
    Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' }),
    new Error('Connection terminated unexpectedly'),
  ])('is away (%s) is told so: it may come again', async (fault) => {
    expect(await answerTo(fault)).toMatchObject({ kind: 'rejected', code: 'unavailable' });
  });

  it('answers with something that coming again does not mend is told of a fault', async () => {
    const fault = Object.assign(new Error('relation does not exist'), { code: '42P01' });
    expect(await answerTo(fault)).toMatchObject({ kind: 'rejected', code: 'internal' });
  });
});

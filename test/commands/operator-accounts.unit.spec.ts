import { describe, expect, it } from 'vitest';
import { changeStanding, holderOfUsername } from '../../src/commands/operator-accounts.ts';
import { limits } from '../../src/config/limits.ts';
import type { Person, World } from './support/write-side-world.ts';
import {
  ask,
  befriended,
  done,
  eventsOf,
  packetRequest,
  registered,
  world,
} from './support/write-side-world.ts';

const operator = (w: World, to: 'frozen' | 'active', person: Person, reason = 'ticket 31') =>
  w.runtime.settle(
    changeStanding(
      { log: w.log, runtime: w.runtime },
      { userId: person.userId, to, reason, by: 'root@host' },
    ),
  );

/** Alice and Bob are friends and have money; a packet of each is open, of which the other has had nothing yet. */
async function friends() {
  const w = world();
  const side = await w.start();
  side.startProcessManagers();
  const [alice, bob] = [await registered(side, 'alice'), await registered(side, 'bob')];
  const chat = await befriended(w, side, alice, bob);
  const send = async (person: Person, totalFen: number) => {
    await done(w, side, person, 'deposit', { amountFen: 1_000, providerRef: 'in' });
    return done(w, side, person, 'sendPacket', packetRequest(chat, { count: 1, totalFen }));
  };
  const ofAlice = await send(alice, 100);
  const ofBob = await send(bob, 200);
  return { w, side, alice, bob, chat, ofAlice, ofBob };
}

describe('an operator who freezes an account', () => {
  it('has it recorded with the reason and the name, once', async () => {
    const { w, alice } = await friends();
    expect(await operator(w, 'frozen', alice)).toEqual({ kind: 'recorded' });
    expect(await operator(w, 'frozen', alice, 'again')).toEqual({ kind: 'known' });
    expect(eventsOf(w, 'AccountFrozen')).toMatchObject([
      { data: { reason: 'ticket 31' }, metadata: { actor: 'system:operator/root@host' } },
    ]);
    expect(await operator(w, 'active', alice, 'settled')).toEqual({ kind: 'recorded' });
    expect(eventsOf(w, 'AccountUnfrozen')).toMatchObject([{ data: { reason: 'settled' } }]);
  });

  it('stops sends, grabs and withdrawals in a server within a second, until it is unfrozen', async () => {
    const { w, side, alice, chat, ofBob } = await friends();
    await operator(w, 'frozen', alice);
    await w.runtime.advance(limits.commands.preconditionAgeMs + 1);
    const frozen = { kind: 'rejected', code: 'account-frozen' };
    const grab = () => ask(w, side, alice, 'grabPacket', { packetId: ofBob.packetId });
    expect(await grab()).toMatchObject(frozen);
    expect(await ask(w, side, alice, 'withdraw', { amountFen: 1, providerRef: 'out' })).toMatchObject(frozen);
    const packet = packetRequest(chat, { count: 1, clientMsgId: 'later' as never });
    expect(await ask(w, side, alice, 'sendPacket', packet)).toMatchObject(frozen);
    expect(eventsOf(w, 'FundsWithdrawn')).toEqual([]);
    await operator(w, 'active', alice);
    expect(await grab()).toMatchObject({ kind: 'accepted', answer: { amountFen: 200 } });
  });

  it('keeps no credit and no refund from it', async () => {
    const { w, side, alice, bob, ofAlice, ofBob } = await friends();
    await done(w, side, alice, 'grabPacket', { packetId: ofBob.packetId });
    await operator(w, 'frozen', alice);
    await operator(w, 'frozen', bob);
    await w.runtime.advance(15_000);
    await w.runtime.settle(side.refunds.refundPacket(ofAlice.packetId));
    await w.runtime.advance(5_000);
    expect(eventsOf(w, 'GrabCredited')).toMatchObject([{ data: { userId: alice.userId, amountFen: 200 } }]);
    expect(eventsOf(w, 'RefundCredited')).toMatchObject([{ data: { userId: alice.userId, amountFen: 100 } }]);
  });

  it('is told of an account that is not there', async () => {
    const w = world();
    const nobody = { userId: w.runtime.ids.next(), deviceId: w.runtime.ids.next() } as Person;
    expect(await operator(w, 'frozen', nobody)).toMatchObject({
      kind: 'refused',
      rejection: { code: 'not-found' },
    });
    expect(w.log.events).toEqual([]);
  });
});

describe('a user name', () => {
  it('leads to its holder by the keyed hash of its normal form', async () => {
    const w = world();
    const side = await w.start();
    const alice = await registered(side, 'alice');
    const stream = w.log.events.find(({ type }) => type === 'UsernameClaimed')!.stream;
    const hash = (name: string) => (name === 'alice' ? stream.slice('username-'.length) : 'none');
    expect(await holderOfUsername(w.log, hash, 'ＡLICE')).toBe(alice.userId);
    expect(await holderOfUsername(w.log, hash, 'bob')).toBeUndefined();
  });
});

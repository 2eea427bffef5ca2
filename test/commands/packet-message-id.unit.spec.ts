import { expect, it } from 'vitest';
import { derivedIds } from '../../src/commands/derived-ids.ts';
import { streams } from '../../src/domain/streams.ts';
import {
  ask,
  befriended,
  contextOf,
  done,
  eventsOf,
  messageId,
  packetRequest,
  registered,
  text,
  world,
} from './support/write-side-world.ts';

it('no sender can keep a packet from being finished by taking the ids of its message', async () => {
  const w = world();
  const first = await w.start();
  const alice = await registered(first, 'alice');
  const chat = await befriended(w, first, alice, await registered(first, 'bob'));
  await done(w, first, alice, 'deposit', { amountFen: 5_000, providerRef: 'top-up' });
  const clientMsgId = messageId('gift');
  // Anybody can compute it.
  const packetId = derivedIds.packet(alice.userId, chat, clientMsgId);
  const request = packetRequest(chat, { clientMsgId, count: 1, ttlSeconds: 3_600 });

  // The process dies after the funding; the sender takes the ids before another process gets to the message.
  w.log.faults.push({ at: 'before-append', stream: streams.packet(packetId), kind: 'crash' });
  void first.commands.execute('sendPacket', request, contextOf(w, alice));
  await first.mortal.died;
  first.kill();
  const next = await w.start();
  const ownId = messageId(`packet-${packetId}`);
  await done(w, next, alice, 'sendMessage', { conversationId: chat, clientMsgId, content: text('mine') });
  const taken = { conversationId: chat, clientMsgId: ownId, content: text('mine too') };
  const refused = await ask(w, next, alice, 'sendMessage', taken);
  next.startProcessManagers();
  await w.runtime.advance(60_000);

  expect(next.processManagers().filter(({ poison }) => poison !== undefined)).toEqual([]);
  const sent = eventsOf(w, 'MessageSent').map(({ data }) => data);
  expect(sent).toContainEqual(expect.objectContaining({ packetId, clientMsgId: ownId }));
  expect(refused).toMatchObject({ code: 'bad-request' });
  const packet = packetRequest(chat, { clientMsgId: ownId, count: 1 });
  expect(await ask(w, next, alice, 'sendPacket', packet)).toMatchObject({ code: 'bad-request' });
});

import { expect, test } from 'vitest';
import type { GroupMessage } from '../../../../../infra/eventstore/embedded/persistent-subscriptions/group-message.ts';
import { Subscriber } from '../../../../../infra/eventstore/embedded/persistent-subscriptions/subscriber.ts';
import { limits } from '../../../../../src/config/limits.ts';

const message = (index: number): GroupMessage => ({
  id: `e${index}`,
  index,
  replayed: false,
  bucket: 0,
  retryCount: 0,
});

/** A subscriber whose peer takes `writes` chunks, and then no more until the gate is opened. */
function aSubscriber({ frameBytes, writes }: { frameBytes: number; writes: number }) {
  const read: string[] = [];
  const out = new Set<GroupMessage>();
  const call = new AbortController();
  const gate = Promise.withResolvers<void>();
  let written = 0;
  const subscriber = new Subscriber({ id: 'a', bufferSize: 100, uuidForm: 'string' });
  const host = {
    frameFor: ({ id }: GroupMessage) => {
      read.push(id);
      return Buffer.alloc(frameBytes);
    },
    isOut: (each: GroupMessage) => out.has(each),
  };
  const push = (each: GroupMessage): void => {
    out.add(each);
    subscriber.push(each, host);
  };
  const peer = {
    signal: call.signal,
    write: () => (written++ < writes ? Promise.resolve() : gate.promise),
  };
  const served = subscriber.serve(peer, 'group', host);
  return { subscriber, host, push, out, read, served, openGate: () => gate.resolve() };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('what a client does not take is not read from the log', async () => {
  const frameBytes = limits.eventNode.readChunkBytes / 4;
  const { push, read } = aSubscriber({ frameBytes, writes: 2 });
  for (let index = 0; index < 100; index++) push(message(index));
  await settled();
  // One chunk that was taken (the confirmation is in it), and two that wait in the socket and before it.
  expect(read.length).toBeLessThanOrEqual(12);
});

test('what was taken back while it waited is not sent', async () => {
  const { push, out, read } = aSubscriber({ frameBytes: 10, writes: 100 });
  const [first, second] = [message(0), message(1)];
  push(first);
  push(second);
  out.delete(first);
  await settled();
  expect(read).toEqual(['e1']);
});

test('a client that never reads does not gather what it loses', async () => {
  const { push, out, host, openGate } = aSubscriber({ frameBytes: 10, writes: 0 });
  for (let index = 0; index < 10_000; index++) {
    push(message(index));
    if (index % 100 === 99) out.clear();
  }
  let lookedAt = 0;
  host.isOut = () => {
    lookedAt++;
    return false;
  };
  openGate();
  await settled();
  expect(lookedAt).toBeGreaterThan(0);
  expect(lookedAt).toBeLessThanOrEqual(201);
});

test('an end is told at once', async () => {
  const { subscriber, served } = aSubscriber({ frameBytes: 10, writes: 100 });
  subscriber.end(new Error('dropped'));
  await expect(served).rejects.toThrow('dropped');
});

/** What a closed log leaves behind: nothing that waits, and nothing that keeps the process alive. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { EventLogUnavailable, START } from '../../../src/commands/event-log.ts';
import { anEvent } from '../../support/event-log-contract.ts';
import { acknowledge, acknowledged, aMuteHost, aScriptedStore, eventAt } from './scripted-store.ts';
import { aLog, aNode } from './support.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('closing does not wait until a cluster that keeps silent is given up', async () => {
  const asked = Promise.withResolvers<void>();
  const askedAgain = Promise.withResolvers<string>();
  const store = await aScriptedStore({
    async gossip(call, count) {
      if (count === 1) asked.resolve();
      else askedAgain.resolve('asked again');
      await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
    },
  });
  cleanups.push(() => store.close());
  const log = aLog(`esdb+discover://127.0.0.1:${store.port}?tls=false&maxDiscoverAttempts=3`);
  const next = log.subscribe({ after: START })[Symbol.asyncIterator]().next();
  const head = log.head();
  head.catch(() => {});
  await asked.promise;
  // The second round begins after five seconds, the search fails after three: whoever waits for it is later.
  expect(await Promise.race([log.close().then(() => 'closed'), askedAgain.promise])).toBe('closed');
  expect(await next).toEqual({ done: true, value: undefined });
  await expect(head).rejects.toThrow(EventLogUnavailable);
});

test('closing ends reads and subscriptions at once, and lets the appends under way end first', async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const store = await aScriptedStore({
    async append(request, call) {
      asked.resolve();
      await answer.promise;
      await acknowledge(request, call);
    },
    async read(_, call) {
      await call.write(eventAt(1n));
      await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
    },
  });
  cleanups.push(() => store.close());
  const log = aLog(store.url);
  const reading = log.readStream('s')[Symbol.asyncIterator]();
  await reading.next();
  const rest = reading.next();
  rest.catch(() => {});
  const subscription = log.subscribe({ after: START })[Symbol.asyncIterator]();
  await subscription.next();
  const item = subscription.next();
  const append = log.append('s', 'any', [anEvent()]);
  await asked.promise;

  const closed = log.close();
  await expect(rest).rejects.toThrow(EventLogUnavailable);
  expect(await item).toEqual({ done: true, value: undefined });
  answer.resolve();
  expect(await append).toEqual(acknowledged);
  await closed;
});

test('closing cancels also the call of a read that nobody goes on with', async () => {
  let openCalls = 0;
  const store = await aScriptedStore({
    async read(request, call) {
      await call.write(eventAt(1n));
      // The question for the head is answered with that.
      if (request.getOptions()?.getCount() === '1') return;
      openCalls++;
      await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
      openCalls--;
    },
  });
  cleanups.push(() => store.close());
  const log = aLog(store.url);
  await log.readStream('s')[Symbol.asyncIterator]().next();
  await log.subscribe({ after: START })[Symbol.asyncIterator]().next();
  expect(openCalls).toBe(2);
  await log.close();
  // By the time that another client has been answered so often, the store has heard of it.
  const other = aLog(store.url);
  cleanups.push(() => other.close());
  for (let trip = 0; trip < 50; trip++) await other.head();
  expect(openCalls).toBe(0);
});

test('a process that has closed its log ends by itself', async () => {
  const { node, close } = await aNode();
  cleanups.push(close);
  expect(await exitCodeOf(usingAndClosing(node.url, 'use'))).toBe(0);
});

test('a process that closed its log while it was looking for a cluster ends by itself', async () => {
  const host = await aMuteHost();
  cleanups.push(() => host.close());
  // The search under way cannot be stopped; it ends with its one round.
  const url = `esdb+discover://127.0.0.1:${host.port}?tls=false&gossipTimeout=1`;
  expect(await exitCodeOf(usingAndClosing(url, 'search'))).toBe(0);
});

function usingAndClosing(url: string, mode: 'use' | 'search'): ChildProcess {
  const fixture = join(import.meta.dirname, 'fixtures/use-and-close.ts');
  const child = fork(fixture, [url, mode], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  cleanups.push(() => child.kill('SIGKILL'));
  return child;
}

/** Rejects when it ends without having closed its log. */
async function exitCodeOf(child: ChildProcess): Promise<number | null> {
  const exited = once(child, 'exit');
  const [said] = await Promise.race([
    once(child, 'message'),
    exited.then(([code]) => [`ended with ${code}`]),
  ]);
  expect(said).toBe('closed');
  child.disconnect();
  const [code] = await exited;
  return code;
}

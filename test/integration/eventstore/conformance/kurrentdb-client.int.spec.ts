/** The node through KurrentDB's own client, whose reads run on another gRPC implementation than EventStoreDB's. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aNode } from '../support.ts';

test("KurrentDB's client appends, reads, subscribes, and is one of a group", async () => {
  const { node, close } = await aNode();
  const fixture = join(import.meta.dirname, 'fixtures/use-kurrentdb-client.ts');
  const url = node.url.replace('esdb://', 'kurrentdb://');
  const child = fork(fixture, [url], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  try {
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`it ended with ${code}`)));
    const [result] = await Promise.race([once(child, 'message'), ended]);
    expect(result).toEqual({
      revisions: [1, 2, 3],
      conflict: 'wrong-expected-version',
      forwards: [0, 1, 2, 3],
      backwards: [3, 2],
      missing: 'stream-not-found',
      subscribed: [0, 1, 2, 3],
      handled: [0, 1, 2, 3],
    });
  } finally {
    child.kill('SIGKILL');
    await close();
  }
});

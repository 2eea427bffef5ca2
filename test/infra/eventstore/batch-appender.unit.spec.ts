import { pino } from 'pino';
import { expect, test } from 'vitest';
import { BatchAppender } from '../../../infra/eventstore/batch-appender.ts';
import { StoreConnection } from '../../../infra/eventstore/store-connection.ts';
import { limits } from '../../../src/config/limits.ts';
import { anEvent } from '../../support/event-log-contract.ts';
import { virtualRuntime } from '../../support/virtual-runtime.ts';

class NoConnection extends StoreConnection {
  override open(): Promise<never> {
    return Promise.reject(new Error('no node'));
  }
}

test('an append whose deadline passed while it waited to be sent again is not sent again', async () => {
  const runtime = virtualRuntime();
  const tries: number[] = [];
  const late: typeof runtime = {
    ...runtime,
    timers: {
      ...runtime.timers,
      after(delayMs, callback) {
        tries.push(delayMs);
        return runtime.timers.after(delayMs, callback);
      },
      sleep: (delayMs, signal) => runtime.timers.sleep(delayMs + limits.eventLog.appendDeadlineMs, signal),
    },
  };
  const appender = new BatchAppender(
    new NoConnection('esdb://127.0.0.1:2113?tls=false'),
    late,
    pino({ level: 'silent' }),
  );
  const outcome = await runtime.settle(appender.append('s', 'any', [anEvent()]));
  expect(outcome).toEqual({ kind: 'unclear', cause: 'no node' });
  expect(tries).toEqual([limits.eventLog.appendTryMs]);
});

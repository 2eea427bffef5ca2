import { describe, expect, it } from 'vitest';
import { evenPace } from '../../../src/projections/rebuild/pace.ts';
import { virtualRuntime } from '../../support/virtual-runtime.ts';

describe('the pace of a copy', () => {
  it('is one batch after another at the rate, in parts of a second', async () => {
    const runtime = virtualRuntime();
    const pace = evenPace(1_000, runtime);
    expect(pace.batchEventsMax).toBe(100);
    const startedMs = runtime.clock.monotonicMs();
    for (let batch = 0; batch < 11; batch++) await runtime.settle(pace.take(100, undefined));
    expect(runtime.clock.monotonicMs() - startedMs).toBe(1_000);
  });

  it('makes up for nothing: what was slow once is followed by no burst', async () => {
    const runtime = virtualRuntime();
    const pace = evenPace(1_000, runtime);
    await pace.take(100, undefined);
    await runtime.advance(60_000);
    const startedMs = runtime.clock.monotonicMs();
    for (let batch = 0; batch < 3; batch++) await runtime.settle(pace.take(100, undefined));
    expect(runtime.clock.monotonicMs() - startedMs).toBe(200);
  });

  it('ends its wait when the copy is given up', async () => {
    const runtime = virtualRuntime();
    const pace = evenPace(1, runtime);
    const giveUp = new AbortController();
    await pace.take(1_000, giveUp.signal);
    const waiting = pace.take(1, giveUp.signal);
    giveUp.abort(new Error('given up'));
    await expect(waiting).rejects.toThrow('given up');
    expect(runtime.pendingTimers).toBe(0);
  });
});

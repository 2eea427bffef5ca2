import { describe, expect, test } from 'vitest';
import { aGroup } from './a-group.ts';

describe('delivering', () => {
  test('gives a client no more than its buffer holds, and more as it acknowledges', () => {
    const { core, delivered } = aGroup({ count: 5 });
    core.addClient('a', 2);
    expect(delivered()).toEqual(['a:e0', 'a:e1']);
    expect(delivered()).toEqual([]);
    core.ack('e1');
    expect(delivered()).toEqual(['a:e2']);
  });

  test('goes in the order of the source', () => {
    const { core, delivered } = aGroup({ count: 4 });
    core.addClient('a', 10);
    expect(delivered()).toEqual(['a:e0', 'a:e1', 'a:e2', 'a:e3']);
  });

  test('keeps an event back while another one with its id is out', () => {
    const { core, delivered } = aGroup({});
    core.offer({ id: 'same', index: 0, bucket: 0 });
    core.offer({ id: 'same', index: 1, bucket: 0 });
    core.addClient('a', 10);
    expect(delivered()).toEqual(['a:same']);
    expect(core.progress.index).toBe(-1);
    core.ack('same');
    expect(core.progress.index).toBe(0);
    expect(delivered()).toEqual(['a:same']);
  });

  test('takes in no more than the buffer holds, what waits again included', () => {
    const { core, delivered } = aGroup({
      count: 3,
      settings: { liveBufferSize: 5, historyBufferSize: 5, readBatchSize: 1 },
    });
    expect(core.room).toBe(2);
    core.addClient('a', 10);
    delivered();
    expect(core.room).toBe(5);
    core.removeClient('a');
    expect(core.room).toBe(2);
  });

  test('asks for more when a batch fits, or when half of the buffer is free', () => {
    const settings = { liveBufferSize: 10, historyBufferSize: 10 };
    const { core, offer } = aGroup({ count: 5, settings });
    expect(core.hasRoomFor(3)).toBe(true);
    expect(core.hasRoomFor(9)).toBe(true);
    offer(3);
    expect(core.hasRoomFor(3)).toBe(false);
    expect(core.hasRoomFor(2)).toBe(true);
  });
});

describe('an event that was not handled', () => {
  test.each(['retry', 'unknown'] as const)(
    'is delivered again after a nack with %s, before later ones',
    (action) => {
      const { core, delivered } = aGroup({ count: 3 });
      core.addClient('a', 1);
      expect(delivered()).toEqual(['a:e0']);
      core.nack('a', 'e0', action, 'not now');
      const [again] = core.dispatch(0);
      expect(again?.message).toMatchObject({ id: 'e0', retryCount: 1 });
    },
  );

  test('is delivered again when its time is over, and not before', () => {
    const { core, delivered } = aGroup({ count: 1, settings: { messageTimeoutMs: 100 } });
    core.addClient('a', 1);
    delivered(5);
    expect(core.nextDeadlineMs).toBe(105);
    core.expire(104);
    expect(delivered(104)).toEqual([]);
    core.expire(105);
    expect(delivered(105)).toEqual(['a:e0']);
  });

  test('never times out when the timeout is 0', () => {
    const { core, delivered } = aGroup({ count: 1, settings: { messageTimeoutMs: 0 } });
    core.addClient('a', 1);
    delivered();
    expect(core.nextDeadlineMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('goes to another client when its own has left, in the order of the source', () => {
    const { core, delivered } = aGroup({ count: 4 });
    core.addClient('a', 3);
    delivered();
    core.ack('e1');
    core.removeClient('a');
    core.addClient('b', 10);
    expect(delivered()).toEqual(['b:e0', 'b:e2', 'b:e3']);
  });

  test('is done when it is skipped', () => {
    const { core, delivered } = aGroup({ count: 1 });
    core.addClient('a', 1);
    delivered();
    core.nack('a', 'e0', 'skip', '');
    expect(delivered()).toEqual([]);
    expect(core.progress.index).toBe(0);
  });

  test('is parked when the client says so, and holds the checkpoint until that is stored', () => {
    const { core, delivered } = aGroup({ count: 1 });
    core.addClient('a', 1);
    delivered();
    core.nack('a', 'e0', 'park', 'broken');
    const [park] = core.takeParks();
    expect(park).toMatchObject({ message: { id: 'e0' }, reason: 'broken' });
    expect(core.progress.index).toBe(-1);
    core.parked(park!.message, true);
    expect(core.progress.index).toBe(0);
    expect(delivered()).toEqual([]);
  });

  test('is delivered again when it cannot be parked', () => {
    const { core, delivered } = aGroup({ count: 1 });
    core.addClient('a', 1);
    delivered();
    core.nack('a', 'e0', 'park', 'broken');
    for (const { message } of core.takeParks()) core.parked(message, false);
    expect(delivered()).toEqual(['a:e0']);
  });

  test('is parked after as many repetitions as are set, each counted', () => {
    const { core } = aGroup({ count: 1, settings: { maxRetryCount: 2, messageTimeoutMs: 10 } });
    core.addClient('a', 1);
    const counts: number[] = [];
    for (let nowMs = 0; nowMs < 60; nowMs += 10) {
      core.expire(nowMs);
      counts.push(...core.dispatch(nowMs).map(({ message }) => message.retryCount));
    }
    expect(counts).toEqual([0, 1, 2]);
    expect(core.takeParks().map(({ message }) => message.id)).toEqual(['e0']);
  });

  test('is the business of the client that has it: another one cannot refuse it', () => {
    const { core, delivered } = aGroup({ count: 1 });
    core.addClient('a', 1);
    core.addClient('b', 1);
    delivered();
    core.nack('b', 'e0', 'skip', '');
    expect(core.isOut({ id: 'e0', index: 0, replayed: false, bucket: 0, retryCount: 0 }, 'b')).toBe(false);
    expect(core.counts.inFlight).toBe(1);
  });

  test('may be acknowledged late by the client that had it before', () => {
    const { core, delivered } = aGroup({ count: 1, settings: { messageTimeoutMs: 10 } });
    core.addClient('a', 1);
    core.addClient('b', 1);
    expect(delivered(0)).toEqual(['a:e0']);
    core.expire(10);
    expect(delivered(10)).toEqual(['b:e0']);
    core.ack('e0');
    expect(core.counts.inFlight).toBe(0);
    expect(core.progress.index).toBe(0);
  });
});

describe('the checkpoint', () => {
  test('stands before the first event that is not done', () => {
    const { core, delivered } = aGroup({ count: 3 });
    core.addClient('a', 10);
    delivered();
    core.ack('e2');
    core.ack('e1');
    expect(core.progress).toEqual({ index: -1, events: 0 });
    core.ack('e0');
    expect(core.progress).toEqual({ index: 2, events: 3 });
  });

  test('counts what the group passes over, and stands behind it', () => {
    const { core, offer, delivered } = aGroup({});
    core.pass(3, true);
    core.pass(4, false);
    expect(core.progress).toEqual({ index: 4, events: 1 });
    core.addClient('a', 1);
    core.offer({ id: 'e5', index: 5, bucket: 0 });
    core.pass(6, true);
    delivered();
    expect(core.progress).toEqual({ index: 4, events: 1 });
    core.ack('e5');
    expect(core.progress).toEqual({ index: 6, events: 3 });
    offer(0);
  });
});

describe('a replayed event', () => {
  test('comes after those that wait, does not hold the checkpoint, and counts anew', () => {
    const { core, delivered } = aGroup({ count: 2 });
    core.addClient('a', 1);
    delivered();
    core.replay({ id: 'link', index: 7, bucket: 0 });
    core.nack('a', 'e0', 'retry', '');
    const order: string[] = [];
    for (let [next] = core.dispatch(0); next !== undefined; [next] = core.dispatch(0)) {
      order.push(`${next.message.id}/${next.message.retryCount}`);
      if (next.message.id === 'link') {
        expect(core.firstReplaying).toBe(7);
        expect(core.progress.index).toBe(0);
      }
      core.ack(next.message.id);
    }
    expect(order).toEqual(['e0/1', 'link/0', 'e1/0']);
    expect(core.firstReplaying).toBeUndefined();
  });
});

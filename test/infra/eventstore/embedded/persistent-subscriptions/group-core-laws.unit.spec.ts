/** What holds for a group whatever its clients do: a model of what is pending and out, compared at every step. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GroupMessage } from '../../../../../infra/eventstore/embedded/persistent-subscriptions/group-message.ts';
import { consumerStrategies } from '../../../../../infra/eventstore/embedded/persistent-subscriptions/group-settings.ts';
import { aGroup } from './a-group.ts';

const clients = ['a', 'b', 'c'] as const;
const client = fc.constantFrom(...clients);
const pick = fc.nat(30);
const step = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), client, buffer: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('leave' as const), client }),
  fc.record({ kind: fc.constant('offer' as const), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('pass' as const), counts: fc.boolean() }),
  fc.record({ kind: fc.constant('replay' as const) }),
  fc.record({ kind: fc.constant('ack' as const), pick }),
  fc.record({
    kind: fc.constant('nack' as const),
    pick,
    action: fc.constantFrom('unknown' as const, 'retry' as const, 'park' as const, 'skip' as const),
  }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 60 }) }),
  fc.record({ kind: fc.constant('stored' as const), stored: fc.boolean() }),
);
type Step = typeof step extends fc.Arbitrary<infer Kind> ? Kind : never;

class Model {
  readonly group;
  /** Events that are not done, with their index when they are of the source. */
  readonly #pending = new Map<string, number | undefined>();
  readonly #out = new Map<string, { holder: string; message: GroupMessage }>();
  readonly #buffers = new Map<string, number>();
  #nextIndex = 0;
  #nowMs = 0;
  #lastProgress = -1;

  constructor(strategy: (typeof consumerStrategies)[number]) {
    this.group = aGroup({ settings: { strategy, messageTimeoutMs: 50, maxRetryCount: 2 } }).core;
  }

  run(one: Step): void {
    switch (one.kind) {
      case 'join':
        if (this.#buffers.has(one.client)) return;
        this.#buffers.set(one.client, one.buffer);
        this.group.addClient(one.client, one.buffer);
        return;
      case 'leave':
        this.#buffers.delete(one.client);
        this.group.removeClient(one.client);
        return;
      case 'offer':
        for (let offered = 0; offered < one.count; offered++) {
          const index = this.#nextIndex++;
          this.#pending.set(`e${index}`, index);
          this.group.offer({ id: `e${index}`, index, bucket: index % 5 });
        }
        return;
      case 'pass':
        this.group.pass(this.#nextIndex++, one.counts);
        return;
      case 'replay': {
        const index = this.#nextIndex++;
        this.#pending.set(`p${index}`, undefined);
        this.group.replay({ id: `p${index}`, index, bucket: 0 });
        return;
      }
      case 'ack': {
        const [id] = this.#outAt(one.pick);
        if (id === undefined) return;
        this.#pending.delete(id);
        this.group.ack(id);
        return;
      }
      case 'nack': {
        const [id, out] = this.#outAt(one.pick);
        if (id === undefined || out === undefined) return;
        if (one.action === 'skip') this.#pending.delete(id);
        this.group.nack(out.holder, id, one.action, '');
        return;
      }
      case 'wait':
        this.#nowMs += one.ms;
        this.group.expire(this.#nowMs);
        return;
      case 'stored':
        for (const { message } of this.group.takeParks()) {
          if (one.stored) this.#pending.delete(message.id);
          this.group.parked(message, one.stored);
        }
    }
  }

  /** Lets the group deliver, and compares. */
  check(): void {
    for (const [id, { holder, message }] of this.#out) {
      if (!this.group.isOut(message, holder)) this.#out.delete(id);
    }
    for (const { clientId, message } of this.group.dispatch(this.#nowMs)) {
      expect(this.#pending.has(message.id), 'what is done is not delivered again').toBe(true);
      expect(this.#out.has(message.id), 'nothing is with two clients').toBe(false);
      this.#out.set(message.id, { holder: clientId, message });
    }
    for (const { id, inFlight } of this.group.clients) {
      expect(inFlight).toBe([...this.#out.values()].filter(({ holder }) => holder === id).length);
      expect(inFlight).toBeLessThanOrEqual(this.#buffers.get(id) ?? 0);
    }
    const { index } = this.group.progress;
    expect(index, 'the checkpoint never goes back').toBeGreaterThanOrEqual(this.#lastProgress);
    this.#lastProgress = index;
    for (const unfinished of this.#pending.values()) {
      if (unfinished !== undefined) expect(index, 'the checkpoint waits').toBeLessThan(unfinished);
    }
  }

  /** Lets one client that acknowledges everything take what is left. */
  finish(): void {
    for (const { message } of this.group.takeParks()) this.group.parked(message, false);
    for (const name of clients) this.run({ kind: 'leave', client: name });
    this.run({ kind: 'join', client: 'a', buffer: 3 });
    for (this.check(); this.#out.size > 0; this.check()) this.run({ kind: 'ack', pick: 0 });
    expect([...this.#pending.keys()], 'every event was delivered until it was done').toEqual([]);
    expect(this.group.progress.index).toBe(this.group.knownIndex);
  }

  #outAt(at: number) {
    return [...this.#out][at % Math.max(1, this.#out.size)] ?? [];
  }
}

test('events are delivered until they are done, the checkpoint waits for them, no buffer overflows', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...consumerStrategies),
      fc.array(step, { maxLength: 120 }),
      (strategy, steps) => {
        const model = new Model(strategy);
        for (const one of steps) {
          model.run(one);
          model.check();
        }
        model.finish();
      },
    ),
    { numRuns: 300 },
  );
});

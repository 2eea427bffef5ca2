import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimerWheel, type WheelNode } from '../../src/gateway/socket/timer-wheel.ts';

interface Node extends WheelNode {
  readonly name: number;
}

function node(name: number): Node {
  return { name, wheelNext: undefined, wheelPrevious: undefined, wheelTick: -1 };
}

const tickMs = 100;

function wheelOf(slots: number, onDue: (node: Node, nowMs: number) => void) {
  return new TimerWheel<Node>({ tickMs, slots, nowMs: 0, onDue });
}

describe('the timer wheel', () => {
  it('fires each deadline once, never early and at most a tick late, over any number of revolutions', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 50 }),
        fc.integer({ min: 1, max: 7 }),
        (dueTimes, slots) => {
          const fired = new Map<number, number>();
          const wheel = wheelOf(slots, ({ name }, nowMs) => {
            expect(fired.has(name)).toBe(false);
            fired.set(name, nowMs);
          });
          dueTimes.forEach((dueMs, name) => {
            wheel.schedule(node(name), dueMs);
          });
          for (let nowMs = 0; nowMs <= 5_000 + tickMs; nowMs += tickMs) wheel.advance(nowMs);
          dueTimes.forEach((dueMs, name) => {
            const at = fired.get(name);
            expect(at).toBeGreaterThanOrEqual(dueMs);
            expect(at).toBeLessThanOrEqual(Math.max(dueMs, 1) + tickMs);
          });
        },
      ),
    );
  });

  it('does not fire what was cancelled, wherever it stood in its slot', () => {
    const fired: number[] = [];
    const wheel = wheelOf(4, ({ name }) => fired.push(name));
    const nodes = [node(0), node(1), node(2)];
    for (const one of nodes) wheel.schedule(one, 300);
    wheel.cancel(nodes[1] as Node);
    wheel.cancel(nodes[1] as Node);
    wheel.advance(1_000);
    expect(fired.sort()).toEqual([0, 2]);
  });

  it('keeps one deadline per node: the last one', () => {
    const fired: number[] = [];
    const wheel = wheelOf(8, (_node, nowMs) => fired.push(nowMs));
    const one = node(0);
    wheel.schedule(one, 200);
    wheel.schedule(one, 600);
    for (let nowMs = 0; nowMs <= 1_000; nowMs += tickMs) wheel.advance(nowMs);
    expect(fired).toEqual([600]);
  });

  it('lets a node be scheduled again while it fires, and misses nothing after a long pause', () => {
    const fired: number[] = [];
    const wheel = wheelOf(4, (due, nowMs) => {
      fired.push(nowMs);
      if (fired.length < 3) wheel.schedule(due, nowMs);
    });
    wheel.schedule(node(0), 100);
    wheel.advance(10_000);
    wheel.advance(10_100);
    wheel.advance(20_000);
    expect(fired).toEqual([10_000, 10_100, 20_000]);
  });
});

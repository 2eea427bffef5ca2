import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/config/limits.ts';
import { HeldLeases } from '../../src/projections/held-leases.ts';
import type { SharedLeaseStore } from '../../src/runtime/leases.ts';
import { type VirtualRuntime, virtualRuntime } from '../support/virtual-runtime.ts';

const partitions = 8;
const { leaseTtlMs: ttlMs, leaseRenewMs: renewMs, leaseRetryMs: retryMs } = limits.projections;
/**
 * A dead holder is forgotten when its lease has run out, a renewal later all have noticed, another later what they
 * give up is free, and then those to whom it is due ask again.
 */
const settledMs = ttlMs + 3 * renewMs + retryMs;

/** The table of leases, behind a network that may be slow or gone for one of the processes. */
function leaseTable(runtime: VirtualRuntime) {
  const rows = new Map<string, { holder: string; untilMs: number }>();
  const nowMs = () => runtime.clock.monotonicMs();
  return function storeFor(process: { delayMs: number; isCutOff: boolean }): SharedLeaseStore {
    const travel = async () => {
      if (process.delayMs > 0) await runtime.timers.sleep(process.delayMs);
      if (process.isCutOff) throw new Error('the database is not to be reached');
    };
    return {
      async acquire(name, holder, ttl) {
        await travel();
        const row = rows.get(name);
        if (row !== undefined && row.holder !== holder && row.untilMs > nowMs()) return false;
        rows.set(name, { holder, untilMs: nowMs() + ttl });
        return true;
      },
      async release(name, holder) {
        await travel();
        if (rows.get(name)?.holder === holder) rows.delete(name);
      },
      async list(prefix) {
        await travel();
        return [...rows]
          .filter(([name, { untilMs }]) => name.startsWith(prefix) && untilMs > nowMs())
          .map(([name, { holder }]) => ({ name, holder }));
      },
    };
  };
}

interface Projector {
  readonly leases: HeldLeases;
  readonly network: { delayMs: number; isCutOff: boolean };
  /** It does nothing any more, and does not know it: a killed process. */
  isDead: boolean;
  changes: number;
}

class Simulation {
  readonly runtime = virtualRuntime();
  readonly projectors: Projector[] = [];
  readonly #storeFor = leaseTable(this.runtime);
  #ids = 0;

  join(delayMs = 0): void {
    const network = { delayMs, isCutOff: false };
    const store = this.#storeFor(network);
    const projector: Projector = {
      network,
      isDead: false,
      changes: 0,
      leases: new HeldLeases({
        store: diesWith(store, () => projector.isDead),
        runtime: this.runtime,
        logger: pino({ level: 'silent' }),
        group: 'projections',
        count: async () => partitions,
        holder: `projector-${this.#ids++}`,
        ttlMs,
        renewMs,
        retryMs,
        onChange: () => {
          projector.changes += 1;
        },
      }),
    };
    projector.leases.start();
    this.projectors.push(projector);
  }

  async leave(index: number): Promise<void> {
    const [projector] = this.projectors.splice(index % this.projectors.length, 1);
    if (projector !== undefined) await this.runtime.settle(projector.leases.stop());
  }

  crash(index: number): void {
    const [projector] = this.projectors.splice(index % this.projectors.length, 1);
    if (projector !== undefined) projector.isDead = true;
  }

  owners(): number[][] {
    return Array.from({ length: partitions }, (_, partition) =>
      this.projectors.flatMap(({ leases }, index) => (leases.held.includes(partition) ? [index] : [])),
    );
  }
}

/** Nothing that a killed process asks for arrives, and nothing comes back. */
function diesWith(store: SharedLeaseStore, isDead: () => boolean): SharedLeaseStore {
  const never = new Promise<never>(() => undefined);
  return {
    acquire: (...args) => (isDead() ? never : store.acquire(...args)),
    release: (...args) => (isDead() ? never : store.release(...args)),
    list: (...args) => (isDead() ? never : store.list(...args)),
  };
}

type Step =
  | { readonly kind: 'join'; readonly delayMs: number }
  | { readonly kind: 'leave' | 'crash' | 'cut off' | 'reconnect'; readonly index: number };
const step: fc.Arbitrary<Step & { readonly thenMs: number }> = fc
  .tuple(
    fc.oneof(
      fc.record({ kind: fc.constant('join' as const), delayMs: fc.nat(100) }),
      fc.record({
        kind: fc.constantFrom(...(['leave', 'crash', 'cut off', 'reconnect'] as const)),
        index: fc.nat(9),
      }),
    ),
    fc.nat(8_000),
  )
  .map(([what, thenMs]) => ({ ...what, thenMs }));

async function take(simulation: Simulation, what: Step): Promise<void> {
  if (what.kind === 'join') {
    if (simulation.projectors.length < 5) simulation.join(what.delayMs);
    return;
  }
  const { projectors } = simulation;
  if (projectors.length === 0) return;
  const projector = projectors[what.index % projectors.length]!;
  switch (what.kind) {
    case 'leave':
      projector.network.isCutOff = false;
      return simulation.leave(what.index);
    case 'crash':
      return simulation.crash(what.index);
    case 'cut off':
      projector.network.isCutOff = true;
      return;
    case 'reconnect':
      projector.network.isCutOff = false;
  }
}

describe('processes that share the partitions', () => {
  it('have each partition once, evenly, soon after whatever happened; and then nothing moves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const simulation = new Simulation();
        simulation.join();
        for (const { thenMs, ...what } of steps) {
          await take(simulation, what);
          await simulation.runtime.advance(thenMs);
          // Leases keep two apart as long as the store's clock and theirs agree, as they do here.
          for (const owners of simulation.owners()) expect(owners.length).toBeLessThanOrEqual(1);
        }
        if (simulation.projectors.length === 0) simulation.join();
        for (const { network } of simulation.projectors) network.isCutOff = false;
        // Each of its questions takes a while: a round of one that is slow.
        const slowestMs = Math.max(...simulation.projectors.map(({ network }) => network.delayMs));
        await simulation.runtime.advance(settledMs + 4 * (partitions + 4) * slowestMs);
        expect(simulation.owners().map((owners) => owners.length)).toEqual(Array(partitions).fill(1));
        const loads = simulation.projectors.map(({ leases }) => leases.held.length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);

        const changes = simulation.projectors.map((projector) => projector.changes);
        await simulation.runtime.advance(10 * ttlMs);
        expect(simulation.projectors.map((projector) => projector.changes)).toEqual(changes);
        for (const { leases } of simulation.projectors) await simulation.runtime.settle(leases.stop());
      }),
      { numRuns: 60 },
    );
  });

  it('replace a dead one within seconds', async () => {
    const simulation = new Simulation();
    simulation.join();
    simulation.join();
    await simulation.runtime.advance(settledMs);
    expect(simulation.projectors.map(({ leases }) => leases.held.length)).toEqual([4, 4]);
    simulation.crash(0);
    await simulation.runtime.advance(ttlMs + renewMs + retryMs);
    expect(simulation.projectors[0]?.leases.held).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('wait for the work under a lease to end before it is another’s', async () => {
    const { runtime } = new Simulation();
    const storeFor = leaseTable(runtime);
    const work = Promise.withResolvers<void>();
    const open = (holder: string, onChange: () => void | Promise<void>) => {
      const leases = new HeldLeases({
        store: storeFor({ delayMs: 0, isCutOff: false }),
        runtime,
        logger: pino({ level: 'silent' }),
        group: 'projections',
        count: async () => 2,
        holder,
        ttlMs,
        renewMs,
        retryMs,
        onChange,
      });
      leases.start();
      return leases;
    };
    const one = open('one', () => (one.held.length < 2 ? work.promise : undefined));
    await runtime.flush();
    expect(one.held).toEqual([0, 1]);
    const other = open('other', () => undefined);
    await runtime.advance(renewMs + renewMs / 2);
    expect(one.held).toHaveLength(1);
    expect(other.held).toEqual([]);
    work.resolve();
    await runtime.advance(2 * retryMs);
    expect([...one.held, ...other.held].sort()).toEqual([0, 1]);
  });

  it('go on when the work under them fails instead of ending: it has ended all the same', async () => {
    const { runtime } = new Simulation();
    const network = { delayMs: 0, isCutOff: false };
    const leases = new HeldLeases({
      store: leaseTable(runtime)(network),
      runtime,
      logger: pino({ level: 'silent' }),
      group: 'projections',
      count: async () => 2,
      holder: 'one',
      ttlMs,
      renewMs,
      retryMs,
      onChange: () => Promise.reject(new Error('the database is not to be reached')),
    });
    leases.start();
    await runtime.flush();
    expect(leases.held).toEqual([0, 1]);
    network.isCutOff = true;
    await runtime.advance(ttlMs + renewMs);
    expect(leases.held).toEqual([]);
    network.isCutOff = false;
    await runtime.advance(renewMs);
    expect(leases.held).toEqual([0, 1]);
  });
});

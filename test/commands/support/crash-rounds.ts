import { expect } from 'vitest';
import type { AuditedEvent } from '../../../src/domain/ledger/audited-event.ts';
import { createMoneyAudit } from '../../../src/domain/ledger/money-audit.ts';
import { createMessageAudit } from '../../../src/domain/message-audit/message-audit.ts';
import { upcast } from '../../../src/domain/upcast.ts';
import type { Fault } from '../../support/in-memory-event-log.ts';
import type { Process, World } from './write-side-world.ts';
import { world } from './write-side-world.ts';

/** Something that takes several appends, to be interrupted between any two of them. */
export interface Scenario<Setup> {
  /** The event that begins it: from it on, the rest follows without anyone asking. */
  readonly root: string;
  readonly prepare: (w: World, side: Process) => Promise<Setup>;
  /** What the client asks for; it asks again after a crash, with the same ids. */
  readonly act: (w: World, side: Process, setup: Setup) => Promise<unknown>;
}

export interface Round {
  readonly w: World;
  /** Appends that the log saw from the beginning of the act to the death of its process. */
  readonly appends: number;
  /** Every event by stream and type after recovery alone, before the client asked again. */
  readonly recovered: readonly string[];
  /** What the client was told the last time it asked. */
  readonly answer: unknown;
  /** Every event by stream and type, without what differs from run to run. */
  readonly summary: readonly string[];
}

/** Long enough for recovery to have done everything that it will do. */
const longMs = 30_000;

/** The act, its process killed at the fault (or at rest), another process that recovers, and the client's retry. */
export async function crashRound<Setup>(scenario: Scenario<Setup>, fault?: Fault): Promise<Round> {
  const w = world(42);
  const first = await w.start();
  const setup = await scenario.prepare(w, first);
  const before = w.log.appends.length;
  if (fault !== undefined) w.log.faults.push(fault);
  first.startProcessManagers();
  scenario.act(w, first, setup).catch(() => undefined);
  await w.runtime.advance(longMs);
  const appends = w.log.appends.length - before;
  if (fault?.kind === 'crash') expect(first.mortal.dead, 'the fault has hit').toBe(true);
  first.kill();

  const second = await w.start();
  second.startProcessManagers();
  await w.runtime.advance(longMs);
  const recovered = summaryOf(w);
  const answer = await w.runtime.settle(scenario.act(w, second, setup));
  await w.runtime.advance(longMs);
  expect(second.processManagers().map(({ poison }) => poison)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  await w.runtime.settle(second.close());
  return { w, appends, recovered, answer, summary: summaryOf(w) };
}

/** Every append of the act, before and after it. */
export function everyPoint(appends: number, kind: Fault['kind']): readonly Fault[] {
  const points = ['before-append', 'after-append'] as const;
  return Array.from({ length: appends }, (_, skip) => points.map((at) => ({ at, kind, skip }))).flat();
}

/** That no rule of money or of messages is broken in the log of a round. */
export function expectRulesHold({ w }: Round): void {
  const money = createMoneyAudit();
  const messages = createMessageAudit();
  for (const { position, stream, revision, type, data, metadata } of w.log.events) {
    const event = upcast(type, metadata.schemaVersion, data);
    const audited: AuditedEvent = { position, stream, revision, timeMs: metadata.timeMs, event };
    money.add(audited);
    messages.add(audited);
  }
  expect(money.violations(w.runtime.clock.nowMs())).toEqual([]);
  expect(messages.violations()).toEqual([]);
  expect(messages.takeSuspects()).toEqual([]);
}

function summaryOf(w: World): readonly string[] {
  return w.log.events.map(({ stream, type }) => `${stream} ${type}`).sort();
}

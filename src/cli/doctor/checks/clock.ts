import { limits } from '../../../config/limits.ts';
import type { Check } from '../check.ts';
import { type Finding, ok, problem, skipped, warning } from '../finding.ts';
import type { Store, World } from '../world.ts';

/** Whether this machine's clock agrees with PostgreSQL's, and is not behind the newest event. */
export const clockCheck: Check = {
  name: 'clock',
  async look(world) {
    const [database, newestEventMs] = await Promise.all([databaseClock(world), newestEvent(world)]);
    const findings = judgeClock({ nowMs: world.runtime.clock.nowMs(), newestEventMs, ...database });
    return findings.length > 0
      ? findings
      : [skipped('Neither PostgreSQL nor the event store is there to compare it with.')];
  },
};

export interface ClockFacts {
  /** By this machine's wall clock, like the next one. */
  readonly nowMs: number;
  readonly newestEventMs: number | undefined;
  /** PostgreSQL's clock less ours, and how wrong that may be, since the answer takes time. */
  readonly databaseAheadMs?: number;
  readonly uncertainMs?: number;
}

export function judgeClock(facts: ClockFacts): readonly Finding[] {
  const { nowMs, newestEventMs, databaseAheadMs, uncertainMs = 0 } = facts;
  const { clockDepartureMsMax } = limits.commands;
  const advice = 'Set the clocks by NTP (chrony, systemd-timesyncd): refunds and leases go by them.';
  const findings: Finding[] = [];
  if (databaseAheadMs !== undefined) {
    const off = Math.max(0, Math.abs(databaseAheadMs) - uncertainMs);
    const direction = databaseAheadMs > 0 ? 'behind' : 'ahead of';
    const sentence = `The clock is ${seconds(Math.abs(databaseAheadMs))} ${direction} PostgreSQL's.`;
    if (off > limits.doctor.clockOffMsMax) findings.push(problem(sentence, advice));
    else if (off > clockDepartureMsMax) findings.push(warning(sentence, advice));
    else findings.push(ok("The clock agrees with PostgreSQL's."));
  }
  if (newestEventMs !== undefined) {
    const behindMs = newestEventMs - nowMs;
    if (behindMs > clockDepartureMsMax) {
      findings.push(problem(`The clock is ${seconds(behindMs)} behind the newest event.`, advice));
    } else findings.push(ok(`The newest event is of ${new Date(newestEventMs).toISOString()}, not ahead.`));
  }
  return findings;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

async function databaseClock({ database, runtime: { clock } }: World) {
  const reach = await database();
  if (reach.kind !== 'there') return {};
  const [askedMs, beganMs] = [clock.nowMs(), clock.monotonicMs()];
  const { rows } = await reach.it.query<{ now_ms: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms',
  );
  const uncertainMs = (clock.monotonicMs() - beganMs) / 2;
  const [row] = rows;
  if (row === undefined) return {};
  return { databaseAheadMs: row.now_ms - (askedMs + uncertainMs), uncertainMs };
}

async function newestEvent({ store }: World): Promise<number | undefined> {
  const reach = await store();
  return reach.kind === 'there' ? newestEventMs(reach.it) : undefined;
}

async function newestEventMs({ log, head }: Store): Promise<number | undefined> {
  for await (const event of log.readAll({ after: head - 1n, until: head })) return event.metadata.timeMs;
  return undefined;
}

import { limits } from '../../../config/limits.ts';
import { countPackets } from '../../../projections/scheduler/due-packets.ts';
import type { Check } from '../check.ts';
import { type Finding, ok, problem, skipped, warning } from '../finding.ts';
import { someoneProjects, tableExists } from '../read-side-facts.ts';
import { skippedWithout } from '../with-engine.ts';

/** Whether packets whose time is over have been refunded. */
export const schedulerCheck: Check = {
  name: 'scheduler',
  async look({ database, runtime }) {
    const reach = await database();
    if (reach.kind !== 'there') return [skippedWithout('database', reach)];
    const pool = reach.it;
    if (!(await tableExists(pool, 'read.expiry_count'))) return [skipped('There are no read models yet.')];
    const nowSecond = Math.floor(runtime.clock.nowMs() / 1000);
    const { pending, due } = await countPackets(pool, nowSecond - limits.doctor.overdueSecondsMax);
    return [
      judgeScheduler({ open: Number(pending), overdue: Number(due), isServed: await someoneProjects(pool) }),
    ];
  },
};

export interface SchedulerFacts {
  /** Packets that are not ended yet. */
  readonly open: number;
  /** Of these: whose second came longer ago than it may take. */
  readonly overdue: number;
  /** Whether a process is there that could see to it. */
  readonly isServed: boolean;
}

export function judgeScheduler({ open, overdue, isServed }: SchedulerFacts): Finding {
  if (overdue === 0) return ok(`No refund is overdue; ${open} packets are open.`);
  const sentence = `${overdue} of ${open} open packets have been due for more than ${limits.doctor.overdueSecondsMax} s.`;
  if (!isServed) return warning(sentence, 'They are refunded when a server runs again: start one.');
  return problem(
    sentence,
    'Is there a process with the scheduler role? Its log says when refunds are paused (the clock), or fail.',
  );
}

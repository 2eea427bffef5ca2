import { setTimeout as sleep } from 'node:timers/promises';
import { defineBench } from '../harness/bench.ts';
import { UsageError } from '../harness/options.ts';
import { exactly, type Figures } from '../harness/report.ts';
import { median, percentile, sum } from '../harness/statistics.ts';
import type { GrabSystem, MoneyCheck, PacketSize } from './grab-system.ts';
import { startHongbao } from './hongbao-system.ts';
import { playRounds, type Rounds } from './rounds.ts';
import { rowLockConnections, startRowLock } from './row-lock-system.ts';

const fenPerShare = 100;
/** Between two runs: what one side still does (credits, read models, acknowledgements) is not to cost the other. */
const restMs = 2_000;

/**
 * `bench grab`: one hot packet after another, every user grabbing it at once, against a row lock in PostgreSQL.
 * Both sides' answers count once they are durable.
 */
export const grab = defineBench({
  name: 'grab',
  measures: 'durable grabs of hot packets per second, against a row lock in PostgreSQL',
  options: {
    users: { default: 200, min: 2, means: 'users who grab each packet at once, one connection each' },
    shares: { default: 100, min: 1, means: 'shares of a packet (at most 100)' },
    packets: { default: 10, min: 1, means: 'packets in a run, one after another' },
    runs: { default: 5, min: 1, means: 'runs of each side, in turns' },
  },

  async run({ users, shares, packets, runs }, note) {
    if (shares > 100 || shares >= users) {
      throw new UsageError('A packet has at most 100 shares, and fewer than there are users.');
    }
    const size: PacketSize = { totalFen: shares * fenPerShare, shares };
    note(`registering ${users + 1} users ...`);
    const systems = await startBoth(users);
    try {
      const [ours, theirs] = systems;
      // The first packet of each compiles code and opens connections to databases.
      for (const system of systems) await playRounds(system, 1, size);
      const runsOf = { ours: [] as Rounds[], theirs: [] as Rounds[] };
      for (let run = 1; run <= runs; run += 1) {
        await sleep(restMs);
        runsOf.ours.push(await playRounds(ours, packets, size));
        await sleep(restMs);
        runsOf.theirs.push(await playRounds(theirs, packets, size));
        note(`run ${run} of ${runs}`);
      }
      const [ourMoney, theirMoney] = [await ours.checkMoney(), await theirs.checkMoney()];
      for (const problem of ourMoney.problems) note(problem);
      const figures = figuresOf(runsOf.ours, ourMoney);
      const peer = figuresOf(runsOf.theirs, theirMoney);
      return {
        config: {
          users,
          shares,
          packets,
          runs,
          totalFen: size.totalFen,
          processes: 'one app process; the clients of both sides share one process',
          rowLockConnections,
        },
        figures: { ...figures, winnersRatioToRowLock: figures.winnersPerSecond / peer.winnersPerSecond },
        peers: { 'PostgreSQL row lock': peer },
        targets: [
          exactly('over-grabs', figures.overGrabs, 0),
          exactly('fen that sums are wrong by', figures.sumErrorFen, 0),
          exactly('broken money rules in the log', ourMoney.problems.length, 0),
        ],
      };
    } finally {
      for (const system of systems) await system.close();
    }
  },
});

async function startBoth(users: number): Promise<[GrabSystem, GrabSystem]> {
  const ours = await startHongbao(users);
  try {
    return [ours, await startRowLock(users)];
  } catch (error) {
    await ours.close();
    throw error;
  }
}

/** Rates are medians over the runs; percentiles are over every grab of every run. */
function figuresOf(runs: readonly Rounds[], money: MoneyCheck) {
  const perSecond = (count: (run: Rounds) => number): number[] =>
    runs.map((run) => Math.round((count(run) * 1000) / run.grabbingMs));
  const winners = perSecond((run) => run.wonMs.length);
  const wonMs = runs.flatMap((run) => run.wonMs);
  const refusedMs = runs.flatMap((run) => run.refusedMs);
  return {
    winnersPerSecond: median(winners),
    rejectionsPerSecond: median(perSecond((run) => run.refusedMs.length)),
    wonMsP50: percentile(wonMs, 50),
    wonMsP99: percentile(wonMs, 99),
    rejectedMsP50: percentile(refusedMs, 50),
    rejectedMsP99: percentile(refusedMs, 99),
    winnersPerSecondOfRuns: winners,
    overGrabs: sum(runs.map((run) => run.overGrabs)) + money.overGrabs,
    sumErrorFen: sum(runs.map((run) => run.sumErrorFen)) + Math.abs(money.imbalanceFen),
  } satisfies Figures;
}

import type { EventLog, Position } from '../../../commands/event-log.ts';
import { limits } from '../../../config/limits.ts';
import { allProjections } from '../../../projections/all-projections.ts';
import { earliest } from '../../../projections/earliest.ts';
import { noEpoch } from '../../../projections/log-epoch-reader.ts';
import { partitionOf } from '../../../projections/partitions.ts';
import type { Projection } from '../../../projections/projection.ts';
import { readStoredStatus, type StoredStatus } from '../../../projections/read-status.ts';
import { projectionsUnderRebuild } from '../../../projections/rebuild/rebuild-lock.ts';
import type { Check } from '../check.ts';
import { distinct, type Finding, ok, problem, skipped, warning } from '../finding.ts';
import { someoneProjects, tableExists } from '../read-side-facts.ts';
import { skippedWithout } from '../with-engine.ts';

const noneYet = 'There are no read models yet: the first start makes them.';

/** Whether the read models move, are of this version, and have nothing left behind beside them. */
export const projectionsCheck: Check = {
  name: 'projections',
  async look({ database, store, runtime }) {
    const reach = await database();
    if (reach.kind !== 'there') return [skippedWithout('database', reach)];
    const pool = reach.it;
    if (!(await tableExists(pool, 'projection.generation'))) {
      return [skipped(noneYet)];
    }
    const statuses = await readStoredStatus(pool);
    if (statuses.length === 0) return [skipped(noneYet)];
    const rebuilding = await projectionsUnderRebuild(
      pool,
      allProjections.map(({ name }) => name),
    );
    const findings = judgeGenerations({ statuses, declared: allProjections, rebuilding });
    const log = await store();
    if (log.kind !== 'there') {
      return [...findings, skipped('How far they are behind cannot be told: the event store is not there.')];
    }
    const nowMs = runtime.clock.nowMs();
    const lags = await lagsOf(statuses, log.it.log, log.it.head, nowMs);
    const isKept = await someoneProjects(pool);
    return [
      ...findings,
      ...judgeProgress({ statuses, lags, isKept, head: log.it.head, epoch: log.it.epoch }),
    ];
  },
};

export interface GenerationFacts {
  readonly statuses: readonly StoredStatus[];
  readonly declared: readonly Pick<Projection, 'name' | 'version'>[];
  /** Names of those that somebody is at work on. */
  readonly rebuilding: ReadonlySet<string>;
}

/** What stands still, is of another version, or was left behind. */
export function judgeGenerations({ statuses, declared, rebuilding }: GenerationFacts): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { projection, generation, state, failure } of statuses) {
    if (state === 'live' && failure !== null) {
      findings.push(
        problem(
          `${projection} stands still (${failure.reason}): ${failure.message}.`,
          adviceOn(failure.reason, projection),
        ),
      );
    }
    if (state === 'shadow' && !rebuilding.has(projection)) {
      findings.push(
        warning(
          `Generation ${generation} of ${projection} was left behind by a rebuild that was killed.`,
          `It takes room and nothing else. \`hongbao projections rebuild ${projection}\` drops it.`,
        ),
      );
    }
  }
  const live = new Map(
    statuses.filter(({ state }) => state === 'live').map((status) => [status.projection, status]),
  );
  for (const { name, version } of declared) {
    const found = live.get(name);
    if (found === undefined) {
      findings.push(warning(`There is no live ${name} yet.`, 'The next start makes it.'));
    } else if (found.version !== version) {
      findings.push(
        warning(
          `${name} has rows of version ${found.version}, and this program makes version ${version}.`,
          'A server of this version replaces them by itself while it runs; look again later.',
        ),
      );
    }
  }
  return distinct(findings);
}

function adviceOn(reason: string, projection: string): string {
  switch (reason) {
    case 'ahead':
    case 'epoch':
      return `Run \`hongbao projections rebuild ${projection}\`.`;
    case 'rebuild':
      return 'It is tried again by itself; see to what the message says.';
    default:
      return `Correct the program and run \`hongbao projections retry ${projection}\`, or leave the event out with \`hongbao projections skip\`.`;
  }
}

export interface ProgressFacts {
  readonly statuses: readonly StoredStatus[];
  /** By projection: the age of the oldest event that it has not taken; none when it has taken all. */
  readonly lags: ReadonlyMap<string, number>;
  /** Whether a process keeps read models now. */
  readonly isKept: boolean;
  readonly head: Position;
  readonly epoch: string;
}

/** How far the live ones are behind the log, and whether it is their log. */
export function judgeProgress({ statuses, lags, isKept, head, epoch }: ProgressFacts): readonly Finding[] {
  const live = statuses.filter(({ state, failure }) => state === 'live' && failure === null);
  const foreign = live.filter((status) => status.epoch !== epoch && status.epoch !== noEpoch);
  const ahead = live.filter((status) => !foreign.includes(status) && status.position > head);
  const findings: Finding[] = distinct([
    ...foreign.map(({ projection }) =>
      problem(
        `${projection} has rows of another history of the log.`,
        `Is this the log that belongs to this database? If so, run \`hongbao projections rebuild ${projection}\`.`,
      ),
    ),
    ...ahead.map(({ projection, position }) =>
      problem(
        `${projection} is at ${position}, beyond the log's end at ${head}: the log was cut short.`,
        `Restore the newest backup of the log; if there is no newer one, run \`hongbao projections rebuild ${projection}\`.`,
      ),
    ),
  ]);
  for (const [projection, lagMs] of lags) {
    if (!isKept || lagMs <= limits.doctor.lagMsWarn) continue;
    const judge = lagMs > limits.doctor.lagMsMax ? problem : warning;
    findings.push(
      judge(
        `${projection} is behind: the oldest event that it has not taken is ${Math.round(lagMs / 1000)} s old.`,
        'Look at the load of PostgreSQL and of the process with the projector role, and at its log.',
      ),
    );
  }
  if (!isKept && lags.size > 0) {
    return [
      ...findings,
      ok(`No process keeps them now; ${lags.size} have events to catch up with when one does.`),
    ];
  }
  if (findings.length > 0) return findings;
  const models = new Set(live.map(({ projection }) => projection)).size;
  return [ok(`${models} read models are live and up to the log's end.`)];
}

/** By projection: the age of the first event that its partition has not taken. */
async function lagsOf(
  statuses: readonly StoredStatus[],
  log: EventLog,
  head: Position,
  nowMs: number,
): Promise<ReadonlyMap<string, number>> {
  const lags = new Map<string, number>();
  const live = statuses.filter(({ state, failure }) => state === 'live' && failure === null);
  const byProjection = [...Map.groupBy(live, ({ projection }) => projection)];
  await Promise.all(
    byProjection.map(async ([projection, partitions]) => {
      const declared = allProjections.find(({ name }) => name === projection);
      const [first, ...others] = partitions.map(({ position }) => position);
      if (declared === undefined || first === undefined) return;
      const after = earliest(first, ...others);
      if (after >= head) return;
      const { streamPrefixes } = declared;
      for await (const event of log.readAll({ after, until: head, streamPrefixes })) {
        const partition = partitionOf(event.stream, partitions[0]?.partitionCount ?? 1);
        const place = partitions.find((status) => status.partition === partition);
        if (place === undefined || place.position >= event.position) continue;
        lags.set(projection, Math.max(0, nowMs - event.metadata.timeMs));
        return;
      }
    }),
  );
  return lags;
}

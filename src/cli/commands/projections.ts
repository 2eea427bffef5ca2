import { createLeaseStore } from '../../../infra/postgres/lease-store.ts';
import type { Settings } from '../../config/settings.ts';
import type { EventLog } from '../../commands/event-log.ts';
import type { SkippedEvent } from '../../domain/projection-skips.ts';
import { allProjections } from '../../projections/all-projections.ts';
import { describeOwners, partitionOwners } from '../../projections/partition-owners.ts';
import { readSkips } from '../../projections/read-skips.ts';
import { readStoredStatus, type StoredStatus } from '../../projections/read-status.ts';
import { readRebuildFailures } from '../../projections/rebuild/rebuild-failures.ts';
import { sqlOn } from '../../projections/sql.ts';
import { exitCodes } from '../cli-error.ts';
import { printable } from '../event-lines.ts';
import { printLine } from '../output.ts';
import { withReadSide } from '../with-read-side.ts';
import { rebuildAdvice, rebuildFailureLine } from './projections/rebuild-failure-lines.ts';
import { eventPlace } from './projections/stop-lines.ts';

/**
 * `hongbao projections status`: where each read model is, as the database knows it, and what it skips, as the log does.
 * Answers 1 when one stands still, or its last rebuild failed.
 */
export async function projectionsCommand(settings: Settings, json: boolean): Promise<number> {
  return withReadSide(settings, async ({ log, pool }) => {
    const head = await log.head();
    const all = await readStoredStatus(pool);
    const owners = await partitionOwners(createLeaseStore(pool));
    const skipped = await allSkipped(log);
    const rebuildFailures = await readRebuildFailures(sqlOn(pool));
    if (json) {
      const asText = (_key: string, value: unknown): unknown =>
        typeof value === 'bigint' ? `${value}` : value;
      const projections = all.map((status) => ({ ...status, owner: ownerOf(status, owners) }));
      printLine(JSON.stringify({ head, projections, skipped, rebuildFailures }, asText));
    } else {
      printLine(`The log ends at ${head}.`);
      printLine(
        owners.size === 0 ? 'Nobody keeps the read models now.' : `Kept by: ${describeOwners(owners)}`,
      );
      for (const partitions of byGeneration(all))
        for (const line of linesOf(partitions, head)) printLine(line);
      for (const skip of skipped) {
        printLine(
          printable(`${skip.projection.padEnd(12)} skips ${eventPlace(skip)}, by ${skip.by}: ${skip.reason}`),
        );
      }
      for (const one of rebuildFailures) printLine(rebuildFailureLine(one));
      for (const line of adviceOn(all)) printLine(line);
      for (const one of rebuildFailures) printLine(rebuildAdvice(one, skipped));
    }
    const isWell = rebuildFailures.length === 0 && all.every(({ failure }) => failure === null);
    return isWell ? exitCodes.ok : exitCodes.found;
  });
}

async function allSkipped(log: EventLog): Promise<readonly SkippedEvent[]> {
  const skips = await Promise.all(allProjections.map(({ name }) => readSkips(log, name)));
  return skips.flatMap((ofOne) => [...ofOne.values()]);
}

/** What an operator can do about a poison event. */
function adviceOn(all: readonly StoredStatus[]): readonly string[] {
  const poisoned = all.find(({ failure, state }) => failure?.reason === 'poison' && state === 'live');
  const event = poisoned?.failure?.event;
  if (poisoned === undefined || event === undefined) return [];
  return [
    `After a correction: hongbao projections retry ${poisoned.projection}`,
    `To leave the event out: hongbao projections skip ${poisoned.projection} --position ${event.position} --reason WHY`,
  ];
}

/** Shadows have no owner: whoever rebuilds writes them. */
function ownerOf({ state, partition }: StoredStatus, owners: ReadonlyMap<number, string>): string | null {
  return state === 'live' ? (owners.get(partition) ?? null) : null;
}

function byGeneration(all: readonly StoredStatus[]): readonly (readonly [StoredStatus, ...StoredStatus[]])[] {
  const groups = new Map<string, [StoredStatus, ...StoredStatus[]]>();
  for (const status of all) {
    const key = `${status.projection}/${status.generation}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [status]);
    else known.push(status);
  }
  return [...groups.values()];
}

/** A line for the generation, as far as its most backward partition, and one for each partition that stands still. */
function linesOf(partitions: readonly [StoredStatus, ...StoredStatus[]], head: bigint): readonly string[] {
  const [{ projection, generation, state, partitionCount }] = partitions;
  const position = partitions.reduce(
    (first, one) => (one.position < first ? one.position : first),
    partitions[0].position,
  );
  // It may have moved on since the head was looked up.
  const behind = position < head ? `, ${head - position} behind` : '';
  const place = `${projection.padEnd(12)} generation ${generation}  ${state.padEnd(7)}  ${partitionCount} partitions`;
  const stuck = partitions.flatMap(({ partition, failure, ...one }) =>
    failure === null
      ? []
      : [
          printable(
            `    partition ${partition} STANDS STILL at ${one.position} (${failure.reason}): ${failure.message}`,
          ),
        ],
  );
  return [`${place}  at ${position}${behind}`, ...stuck];
}

import { createLogWitness } from '../../../infra/postgres/log-witness.ts';
import { beginEpochOfOlderLog } from '../../commands/log-epoch.ts';
import type { Settings } from '../../config/settings.ts';
import { allProjections, projectionNamed } from '../../projections/all-projections.ts';
import type { Projection } from '../../projections/projection.ts';
import { type RebuildResult, rebuild } from '../../projections/rebuild.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { note, printLine } from '../output.ts';
import { count, createProgress } from '../progress.ts';
import { withReadSide } from '../with-read-side.ts';

export interface RebuildCommandOptions {
  readonly verify?: boolean;
  readonly json?: boolean;
}

/** `hongbao rebuild`. Answers 1 when `--verify` found that the old rows were not what a replay makes. */
export async function rebuildCommand(
  settings: Settings,
  names: readonly string[],
  options: RebuildCommandOptions,
): Promise<number> {
  const projections = chosen(names);
  return withReadSide(settings, async (deps, signal) => {
    // Rows of a log that is gone must not become those of this one: see docs/operations.md#restore.
    const older = await beginEpochOfOlderLog(deps.log, deps.runtime, createLogWitness(deps.pool));
    if (older !== undefined) {
      note(`the log ends at ${older.head}, and was seen up to ${older.seen}: a new epoch begins`);
    }
    const progress = createProgress(deps.runtime.clock, process.stderr);
    let events = 0;
    const results = await rebuild(deps, projections, {
      compare: options.verify === true,
      signal,
      onProgress: ({ phase, fraction, eventsDone, projections: at }) => {
        events = eventsDone;
        progress.update({ label: `${phase} ${at.length > 1 ? 'all' : at.join()}`, fraction, events });
      },
    });
    progress.finish(`rebuilt ${results.length} projections from ${count(events)} events`);
    printResults(results, options);
    return results.some((result) => result.differences.length > 0) ? exitCodes.found : exitCodes.ok;
  });
}

function chosen(names: readonly string[]): readonly Projection[] {
  if (names.length === 0) return allProjections;
  return names.map((name) => {
    const found = projectionNamed(name);
    if (found !== undefined) return found;
    const known = allProjections.map((projection) => projection.name).join(', ');
    throw new CliError(`There is no projection "${name}". There are: ${known}.`);
  });
}

function printResults(results: readonly RebuildResult[], { verify, json }: RebuildCommandOptions): void {
  if (json === true) {
    printLine(JSON.stringify(results));
    return;
  }
  for (const { projection, generation, differences } of results) {
    const verified = verify === true ? `, ${differences.length} rows differed before` : '';
    printLine(`${projection.padEnd(12)} generation ${generation} is live${verified}`);
    for (const { table, onlyIn, row } of differences) printLine(`    only in ${onlyIn}: ${table} ${row}`);
  }
}

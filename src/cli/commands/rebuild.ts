import { createLogWitness } from '../../../infra/postgres/log-witness.ts';
import { beginEpochOfOlderLog } from '../../commands/log-epoch.ts';
import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { limits } from '../../config/limits.ts';
import type { Settings } from '../../config/settings.ts';
import type { Position } from '../../commands/event-log.ts';
import type { OnDifference, RowDifference } from '../../projections/rebuild/compare.ts';
import type { RebuildDeps } from '../../projections/rebuild/rebuild-context.ts';
import type { RebuildResult } from '../../projections/rebuild/rebuild.ts';
import { rebuild } from '../../projections/rebuild/rebuild.ts';
import type { RebuildProgress } from '../../projections/rebuild/rebuild-progress.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { note, printLine, stdoutReady } from '../output.ts';
import { count, createProgress } from '../progress.ts';
import { withReadSide } from '../with-read-side.ts';
import { refuseUnwritable } from './audit/report-file.ts';
import { namedProjections } from './projections/named-projections.ts';
import { countUpTo } from './projections/whole-number.ts';

export interface RebuildCommandOptions {
  readonly verify?: boolean;
  readonly json?: boolean;
  /** A file for the differences, in place of stdout. */
  readonly output?: string;
  /** How many threads copy the log. */
  readonly workers?: string;
  /** Events per second at most. */
  readonly maxRate?: string;
}

/** `hongbao projections rebuild`. Answers 1 when `--verify` found that the old rows were not what a replay makes. */
export async function rebuildCommand(
  settings: Settings,
  names: readonly string[],
  options: RebuildCommandOptions,
): Promise<number> {
  const projections = namedProjections(names);
  const { verify = false, output } = options;
  if (output !== undefined && !verify)
    throw new CliError('--output is for the differences: give --verify, too.');
  if (output !== undefined) refuseUnwritable(output);
  const workers = countUpTo('--workers', options.workers, limits.projections.rebuildWorkersMax);
  const eventsPerSecondMax = countUpTo('--max-rate', options.maxRate, Number.MAX_SAFE_INTEGER);
  return withReadSide(settings, async (deps, signal) => {
    // Rows of a log that is gone must not become those of this one: see docs/operations.md#restore.
    const older = await beginEpochOfOlderLog(deps.log, deps.runtime, createLogWitness(deps.pool));
    if (older !== undefined) {
      note(`the log ends at ${older.head}, and was seen up to ${older.seen}: a new epoch begins`);
    }
    const progress = followProgress(deps, signal);
    const report = output === undefined ? undefined : createWriteStream(output);
    const written = report && finished(report);
    // Whoever awaits it gets the error; until then it must not count as unhandled.
    written?.catch(() => undefined);
    const onDifference: OnDifference =
      report === undefined
        ? differencePrinter(options, signal)
        : (one) => writeLine(report, JSON.stringify(one));
    try {
      const results = await rebuild(deps, projections, {
        compare: verify,
        workers,
        eventsPerSecondMax,
        signal,
        onProgress: progress.update,
        onDifference,
      });
      progress.finish(results.length);
      printResults(results, options);
      return results.some(({ differenceCount }) => differenceCount > 0) ? exitCodes.found : exitCodes.ok;
    } finally {
      progress.stop();
      if (report !== undefined) {
        report.end();
        await written;
        note(`the differences are in ${output}`);
      }
    }
  });
}

interface FollowedProgress {
  update(progress: RebuildProgress): void;
  finish(projections: number): void;
  stop(): void;
}

/** The bar, with the lag behind the log's head as it is now, which moves on while a rebuild works. */
function followProgress({ log, runtime }: RebuildDeps, signal: AbortSignal): FollowedProgress {
  const { clock, timers } = runtime;
  const bar = createProgress(clock, process.stderr, { plainEveryMs: limits.cli.progressLineMs });
  let head: Position | undefined;
  let events = 0;
  const looking = timers.every(limits.cli.headLookMs, () => {
    log.head().then(
      (position) => {
        head = position;
      },
      () => {
        // The rebuild itself meets the store's trouble, and tells it.
      },
    );
  });
  return {
    update({ phase, fraction, eventsDone, position, head: known, projections: at }) {
      events = eventsDone;
      if (signal.aborted) return;
      const newest = head === undefined || head < known ? known : head;
      const behind = newest > position ? newest - position : 0n;
      const of = at.length > 1 ? 'all' : at.join();
      bar.update({ label: `${phase} ${of}`, fraction, events, behind });
    },
    finish: (projections) => bar.finish(`rebuilt ${projections} projections from ${count(events)} events`),
    stop: () => looking.cancel(),
  };
}

/** Each difference as it is found, so that any number of them takes no memory. */
function differencePrinter({ json }: RebuildCommandOptions, signal: AbortSignal): OnDifference {
  return async (one) => {
    printLine(json === true ? JSON.stringify(one) : differenceLine(one));
    await stdoutReady(signal);
  };
}

function differenceLine({ projection, table, onlyIn, row }: RowDifference): string {
  return `${projection.padEnd(12)} only in ${onlyIn}: ${table} ${row}`;
}

async function writeLine(stream: WriteStream, line: string): Promise<void> {
  if (!stream.write(`${line}\n`)) await once(stream, 'drain');
}

function printResults(results: readonly RebuildResult[], { verify, json }: RebuildCommandOptions): void {
  for (const { projection, generation, kind, differenceCount } of results) {
    if (json === true) printLine(JSON.stringify({ projection, generation, kind, differenceCount }));
    else {
      const verified = verify === true ? `, ${count(differenceCount)} rows differed before` : '';
      printLine(`${projection.padEnd(12)} generation ${generation} is live${verified}`);
    }
  }
}

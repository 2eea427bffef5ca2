import { limits } from '../../../config/limits.ts';
import type { Settings } from '../../../config/settings.ts';
import { recordSkip, recordUndoneSkip } from '../../../commands/skip-event.ts';
import type { Position } from '../../../commands/event-log.ts';
import type { SkippedEvent } from '../../../domain/projection-skips.ts';
import { readSkips } from '../../../projections/read-skips.ts';
import type { RebuildDeps } from '../../../projections/rebuild/rebuild-context.ts';
import { loadLiveGeneration } from '../../../projections/generations.ts';
import { partitionOf } from '../../../projections/partitions.ts';
import { type RebuildFailure, readRebuildFailures } from '../../../projections/rebuild/rebuild-failures.ts';
import { sqlOn } from '../../../projections/sql.ts';
import { atStoppedEvent, type StoppedPartition } from '../../../projections/stopped-partitions.ts';
import { CliError, exitCodes } from '../../cli-error.ts';
import { printable } from '../../event-lines.ts';
import { note } from '../../output.ts';
import { withReadSide } from '../../with-read-side.ts';
import { namedProjection } from './named-projections.ts';
import { operatorName } from './operator-name.ts';
import { rebuildFailureLine } from './rebuild-failure-lines.ts';
import { eventPlace, stopLine } from './stop-lines.ts';
import { takenUp } from './take-up.ts';
import { type Tell, teller } from './teller.ts';
import { partitionNumber, wholeNumber } from './whole-number.ts';

export interface SkipOptions {
  readonly position?: string;
  readonly reason?: string;
  readonly partition?: string;
  readonly undo?: boolean;
  /** Prints what came of it as JSON, an object a line. */
  readonly json?: boolean;
}

interface Wish {
  readonly name: string;
  readonly position: Position;
  readonly partition: number | undefined;
  readonly reason: string;
  readonly by: string;
  readonly tell: Tell;
}

/** `hongbao projections skip`. Answers 1 when the partition stands still at another event by then. */
export async function skipCommand(settings: Settings, name: string, options: SkipOptions): Promise<number> {
  const wish: Wish = {
    name: namedProjection(name).name,
    position: wholeNumber('--position', required('--position', options.position)),
    partition: partitionNumber(options.partition),
    reason: reasonOf(required('--reason', options.reason)),
    by: operatorName(),
    tell: teller(options.json === true),
  };
  return withReadSide(settings, (deps, signal) =>
    options.undo === true ? undo(deps, wish) : skip(deps, wish, signal),
  );
}

async function skip(deps: RebuildDeps, wish: Wish, signal: AbortSignal): Promise<number> {
  const { log, pool, runtime } = deps;
  const { name, position, reason, by, tell } = wish;
  const outcome = await atStoppedEvent(pool, name, wish, ({ partition, event }) =>
    recordSkip({ log, runtime }, { projection: name, partition, ...event, reason, by }),
  );
  if (outcome.kind === 'elsewhere') {
    const earlier = skippedAt([...(await readSkips(log, name)).values()], position);
    if (earlier === undefined) return skipForRebuild(deps, wish, outcome.stopped);
    tell(alreadyLine(earlier), { outcome: 'already', skipped: earlier });
    return exitCodes.ok;
  }
  const { result, at } = outcome;
  const skipped = { projection: name, partition: at.partition, event: at.event };
  if (result === 'recorded')
    tell(`recorded: ${name} skips ${eventPlace(at.event)}`, { outcome: 'recorded', ...skipped });
  else {
    const earlier = skippedAt([...(await readSkips(log, name)).values()], position);
    const words =
      earlier === undefined ? `${name} skips ${eventPlace(at.event)} already` : alreadyLine(earlier);
    tell(words, { outcome: 'already', ...skipped });
  }
  if (name === 'expiry')
    note('the packet of a skipped event may not be refunded by itself: run hongbao audit');
  const [taken] = await takenUp(pool, runtime, [at], signal, { ignoreFailuresAt: at.event.position });
  switch (taken?.kind) {
    case 'passed':
    case 'replaced':
      tell(`${name} partition ${at.partition} goes on`, { outcome: taken.kind, ...skipped });
      return exitCodes.ok;
    case 'stopped':
      tell(stopLine({ ...at, failure: taken.failure }), {
        outcome: 'stopped',
        ...skipped,
        failure: taken.failure,
      });
      return exitCodes.found;
    default:
      tell(
        `nobody has taken ${name} partition ${at.partition} up yet: whoever does goes on behind the event`,
        {
          outcome: 'waiting',
          ...skipped,
        },
      );
      return exitCodes.ok;
  }
}

/** Skips the event at which the last rebuild failed: it stops no partition, since the live rows have it. */
async function skipForRebuild(
  { log, pool, runtime }: RebuildDeps,
  wish: Wish,
  stopped: readonly StoppedPartition[],
): Promise<number> {
  const { name, position, reason, by, tell } = wish;
  const live = await loadLiveGeneration(sqlOn(pool), name);
  const [failed] = await readRebuildFailures(sqlOn(pool), name);
  const event = failed?.failure.event;
  const isThere = live !== undefined && event?.position === position.toString();
  const partition = isThere ? partitionOf(event.stream, live.partitions) : undefined;
  if (!isThere || partition === undefined || partition !== (wish.partition ?? partition)) {
    throw refusal(wish, stopped, failed);
  }
  await recordSkip({ log, runtime }, { projection: name, partition, ...event, reason, by });
  const advice = `its rows have the event until they are made again; run: hongbao projections rebuild ${name}`;
  const skipped = { projection: name, partition, event };
  tell(`recorded: ${name} skips ${eventPlace(event)}\n${advice}`, { outcome: 'recorded', ...skipped });
  return exitCodes.ok;
}

async function undo({ log, runtime }: RebuildDeps, wish: Wish): Promise<number> {
  const { name, position, reason, by, tell } = wish;
  const skips = [...(await readSkips(log, name)).values()];
  const skipped = skippedAt(skips, position);
  if (skipped === undefined) {
    const known = skips.map(eventPlace).join(', ');
    throw new CliError(
      `${name} skips no event at position ${position}. It skips ${known === '' ? 'none' : known}.`,
    );
  }
  const { stream, revision } = skipped;
  await recordUndoneSkip({ log, runtime }, { projection: name, stream, revision, reason, by });
  const advice = `its rows lack the event until they are made again; run: hongbao projections rebuild ${name}`;
  tell(`recorded: ${name} skips ${eventPlace(skipped)} no more\n${advice}`, { outcome: 'undone', skipped });
  return exitCodes.ok;
}

/** In a copied log an event has another position: the one that was recorded with the skip names it still. */
function skippedAt(skips: readonly SkippedEvent[], position: Position): SkippedEvent | undefined {
  return skips.findLast((skip) => skip.position === position.toString());
}

function alreadyLine(skip: SkippedEvent): string {
  return printable(`${skip.projection} skips ${eventPlace(skip)} already, by ${skip.by}: ${skip.reason}`);
}

function refusal(
  { name, position, partition }: Wish,
  stopped: readonly StoppedPartition[],
  failed: RebuildFailure | undefined,
): CliError {
  const of = partition === undefined ? name : `${name} partition ${partition}`;
  const places = [...stopped.map(stopLine), ...(failed === undefined ? [] : [rebuildFailureLine(failed)])];
  return new CliError(
    places.length === 0
      ? `Nothing is skipped: no partition of ${name} stands still, and no rebuild of it failed.`
      : [
          `Nothing is skipped: ${of} does not stand still at an event at position ${position}, and its last rebuild did not fail at one.`,
          ...places.map((place) => `  ${place}`),
        ].join('\n'),
  );
}

function required(option: string, text: string | undefined): string {
  if (text === undefined) throw new CliError(`A skip needs ${option}: run the command with --help.`);
  return text;
}

function reasonOf(text: string): string {
  const reason = text.trim();
  const { skipReasonCharsMax } = limits.cli;
  if (reason !== '' && reason.length <= skipReasonCharsMax) return reason;
  throw new CliError(`--reason takes 1 to ${skipReasonCharsMax} characters: it stays in the log for ever.`);
}

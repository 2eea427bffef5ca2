import type { Settings } from '../../../config/settings.ts';
import { retryStopped, type StoppedPartition } from '../../../projections/stopped-partitions.ts';
import { CliError, exitCodes } from '../../cli-error.ts';
import { printLine } from '../../output.ts';
import { withReadSide } from '../../with-read-side.ts';
import { namedProjection } from './named-projections.ts';
import { eventPlace, stopLine } from './stop-lines.ts';
import { takenUp, type TakenUp } from './take-up.ts';
import { partitionNumber } from './whole-number.ts';

/** `hongbao projections retry`. Answers 1 when a partition stands still again, or cannot be helped like this. */
export async function retryCommand(
  settings: Settings,
  name: string,
  options: { readonly partition?: string },
): Promise<number> {
  const projection = namedProjection(name);
  const partition = partitionNumber(options.partition);
  return withReadSide(settings, async ({ pool, runtime }, signal) => {
    const { retried, left } = await retryStopped(pool, projection.name, partition);
    if (retried.length === 0 && left.length === 0) {
      const which = partition === undefined ? `No partition of ${name}` : `Partition ${partition} of ${name}`;
      throw new CliError(`${which} stands still${partition === undefined ? '' : ', or there is none'}.`);
    }
    for (const one of left) {
      printLine(stopLine(one));
      if (one.failure.reason === 'rebuild') continue;
      printLine(`    trying again does not help; run: hongbao projections rebuild ${name}`);
    }
    const awaited = retried.map(({ failure, ...key }) => ({ ...key, event: failure.event }));
    const outcomes = await takenUp(pool, runtime, awaited, signal);
    for (const [index, outcome] of outcomes.entries()) {
      const before = retried[index];
      if (before !== undefined) printLine(outcomeLine(before, outcome));
    }
    const isStuck = left.length > 0 || outcomes.some(({ kind }) => kind === 'stopped');
    return isStuck ? exitCodes.found : exitCodes.ok;
  });
}

function outcomeLine({ name, partition, failure: before }: StoppedPartition, outcome: TakenUp): string {
  const which = `${name} partition ${partition}`;
  const at = before.event === undefined ? '' : ` past ${eventPlace(before.event)}`;
  switch (outcome.kind) {
    case 'passed':
      return `${which} goes on${at}`;
    case 'replaced':
      return `${which} was replaced by a rebuild meanwhile`;
    case 'waiting':
      return `${which} is to be tried again, and nobody has done it yet: hongbao projections status tells what becomes of it`;
    case 'stopped': {
      const isSame = outcome.failure.event?.position === before.event?.position;
      const where = isSame ? 'stopped again at the same event' : 'got further and stopped at another event';
      return `${which} ${where}\n    ${stopLine({ name, generation: 0, partition, failure: outcome.failure })}`;
    }
  }
}

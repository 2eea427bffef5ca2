import type { Settings } from '../../../config/settings.ts';
import { retryStopped, type StoppedPartition } from '../../../projections/stopped-partitions.ts';
import { CliError, exitCodes } from '../../cli-error.ts';
import { withReadSide } from '../../with-read-side.ts';
import { namedProjection } from './named-projections.ts';
import { eventPlace, stopLine } from './stop-lines.ts';
import { takenUp, type TakenUp } from './take-up.ts';
import { teller } from './teller.ts';
import { partitionNumber } from './whole-number.ts';

/** `hongbao projections retry`. Answers 1 when a partition stands still again, or cannot be helped like this. */
export async function retryCommand(
  settings: Settings,
  name: string,
  options: { readonly partition?: string; readonly json?: boolean },
): Promise<number> {
  const projection = namedProjection(name);
  const partition = partitionNumber(options.partition);
  const tell = teller(options.json === true);
  return withReadSide(settings, async ({ pool, runtime }, signal) => {
    const { retried, left } = await retryStopped(pool, projection.name, partition);
    if (retried.length === 0 && left.length === 0) {
      const which = partition === undefined ? `No partition of ${name}` : `Partition ${partition} of ${name}`;
      throw new CliError(`${which} stands still${partition === undefined ? '' : ', or there is none'}.`);
    }
    for (const one of left) {
      const advice = `\n    trying again does not help; run: hongbao projections rebuild ${name}`;
      const words = `${stopLine(one)}${one.failure.reason === 'rebuild' ? '' : advice}`;
      tell(words, { projection: name, partition: one.partition, outcome: 'left', failure: one.failure });
    }
    const awaited = retried.map(({ failure, ...key }) => ({ ...key, event: failure.event }));
    const outcomes = await takenUp(pool, runtime, awaited, signal);
    for (const [index, outcome] of outcomes.entries()) {
      const before = retried[index];
      if (before === undefined) continue;
      const { kind, ...more } = outcome;
      tell(outcomeLine(before, outcome), {
        projection: name,
        partition: before.partition,
        outcome: kind,
        ...more,
      });
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

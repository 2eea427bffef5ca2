import type { Settings } from '../../../config/settings.ts';
import { type EndedRebuild, endRebuilds } from '../../../projections/rebuild/end-rebuilds.ts';
import { CliError, exitCodes } from '../../cli-error.ts';
import { withReadSide } from '../../with-read-side.ts';
import { namedProjections } from './named-projections.ts';
import { teller } from './teller.ts';

/** `hongbao projections abort`. Throws `CliError`, with code 1, when there is nothing to end. */
export async function abortCommand(
  settings: Settings,
  given: readonly string[],
  { json = false }: { readonly json?: boolean } = {},
): Promise<number> {
  const tell = teller(json);
  const names = namedProjections(given).map(({ name }) => name);
  return withReadSide(settings, async ({ pool, runtime }, signal) => {
    const ended = await endRebuilds(pool, runtime, names, signal);
    if (ended.every(({ kind }) => kind === 'none')) {
      const of = given.length === 0 ? 'any read model' : names.join(', ');
      throw new CliError(`There is no rebuild of ${of} to abort, and nothing left of one.`, exitCodes.found);
    }
    for (const one of ended) {
      if (one.kind === 'none') continue;
      const { projection, kind } = one;
      tell(`${projection}: ${sentences[kind]}`, { projection, outcome: kind });
    }
    return ended.some(({ kind }) => kind === 'ending') ? exitCodes.unavailable : exitCodes.ok;
  });
}

const sentences: Record<Exclude<EndedRebuild['kind'], 'none'>, string> = {
  aborted: 'the rebuild was aborted; the live rows are as they were',
  dropped: 'dropped what a rebuild that was killed had left',
  swapped: 'the rebuild was done before it could be aborted; its rows are live',
  ending: 'the rebuild was told to end, and does when its present step is over',
};

import { allProjections, projectionNamed } from '../../../projections/all-projections.ts';
import type { Projection } from '../../../projections/projection.ts';
import { CliError } from '../../cli-error.ts';

/** The projections of these names; all of them for none. Throws `CliError` for a name that none has. */
export function namedProjections(names: readonly string[]): readonly Projection[] {
  return names.length === 0 ? allProjections : names.map(namedProjection);
}

/** The projection of that name. Throws `CliError` when there is none. */
export function namedProjection(name: string): Projection {
  const found = projectionNamed(name);
  if (found !== undefined) return found;
  const known = allProjections.map((projection) => projection.name).join(', ');
  throw new CliError(`There is no projection "${name}". There are: ${known}.`);
}

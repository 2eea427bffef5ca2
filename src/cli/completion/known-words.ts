import { domainEventTypes } from '../../domain/upcast.ts';
import { allProjections } from '../../projections/all-projections.ts';
import type { KnownWords } from './completed-commands.ts';

/** Words that the program itself knows, by where they may stand. */
export function knownWords(): KnownWords {
  return {
    'rebuild projection': allProjections.map(({ name }) => name),
    'replay --type': domainEventTypes,
  };
}

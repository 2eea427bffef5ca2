import { TOMBSTONE_TYPE } from '../../../infra/eventstore/embedded/storage/system-streams.ts';
import type { AppendAttempt, Attempts, EndAttempt } from './attempts.ts';
import type { StoredLog } from './stored-log.ts';

/** What of the attempts is lost, there by half, twice, or elsewhere than acknowledged; and what nobody sent. */
export function differencesFromLog({ appends, ends }: Attempts, log: StoredLog): string[] {
  const ended = new Set(ends.map((end) => end.stream));
  return [
    ...log.problems,
    ...appends.flatMap((attempt) => appendProblems(attempt, log, ended.has(attempt.stream))),
    ...ends.flatMap((end) => endProblems(end, log)),
    ...strangers(appends, ended, log),
  ];
}

/** The places of an append's events, when the log has them all, one behind the other. */
export function placeInLog(attempt: AppendAttempt, log: StoredLog) {
  const found = attempt.ids.flatMap((id) => log.byId.get(id) ?? []);
  const first = found[0];
  const last = found.at(-1);
  if (first?.revision === undefined || last?.revision === undefined) return undefined;
  if (found.length < attempt.ids.length) return undefined;
  return { firstRevision: first.revision, revision: last.revision, position: last.position };
}

function appendProblems(attempt: AppendAttempt, log: StoredLog, mayBeScavenged: boolean): string[] {
  const { ids, outcome, stream } = attempt;
  const found = ids.filter((id) => log.byId.has(id));
  const name = `the append of ${ids.length} events to ${stream}`;
  switch (outcome.kind) {
    case 'refused':
      return found.length === 0 ? [] : [`${name} was refused, and ${found.length} of it are there`];
    case 'unknown':
      if (found.length === 0) return [];
      return placesProblems(attempt, log, undefined, false).map((problem) => `${name}: ${problem}`);
    case 'appended':
      return placesProblems(attempt, log, outcome, mayBeScavenged).map((problem) => `${name}: ${problem}`);
  }
}

interface LastPlace {
  readonly revision: number;
  readonly position: number;
}

/** Every event stands where it must, seen from the last one's place; without that, from where the first is. */
function placesProblems(
  { ids, stream }: AppendAttempt,
  log: StoredLog,
  acknowledged: LastPlace | undefined,
  mayBeScavenged: boolean,
): string[] {
  const first = log.byId.get(ids[0] ?? '');
  const last = acknowledged ?? {
    revision: (first?.revision ?? Number.NaN) + ids.length - 1,
    position: (first?.position ?? Number.NaN) + ids.length - 1,
  };
  return ids.flatMap((id, index) => {
    const position = last.position - ids.length + 1 + index;
    const revision = last.revision - ids.length + 1 + index;
    if (mayBeScavenged && log.scavenged.has(position)) return [];
    const event = log.byId.get(id);
    if (event === undefined) return [`its event ${index} is not there (position ${position})`];
    if (event.position === position && event.revision === revision && event.stream === stream) return [];
    return [
      `its event ${index} must be at position ${position}, revision ${revision}; ` +
        `it is in ${event.stream} at ${event.position}, revision ${event.revision}`,
    ];
  });
}

function endProblems({ kind, stream, position }: EndAttempt, log: StoredLog): string[] {
  if (position === undefined || log.scavenged.has(position)) return [];
  const event = log.events.find((candidate) => candidate.position === position);
  const expected =
    kind === 'tombstone' ? [stream, TOMBSTONE_TYPE].join() : [`$$${stream}`, '$metadata'].join();
  if (event !== undefined && [event.stream, event.type].join() === expected) return [];
  return [`the ${kind} of ${stream} is not at position ${position}`];
}

/** Events that no client sent. Deletions and beginnings after them write metadata of the node's own. */
function strangers(appends: readonly AppendAttempt[], ended: ReadonlySet<string>, log: StoredLog): string[] {
  const sent = new Set(appends.flatMap((append) => append.ids));
  return log.events
    .filter(({ id, stream, type }) => {
      if (sent.has(id)) return false;
      const original = type === TOMBSTONE_TYPE ? stream : stream.replace(/^\$\$/, '');
      return !ended.has(original);
    })
    .map(({ position, stream, type }) => `nobody sent the ${type} in ${stream} at position ${position}`);
}

import type { ProjectionEvent, SkippedEvent, Skips, UndoneSkip } from '../domain/projection-skips.ts';
import { evolveSkips, noSkips, placeOf } from '../domain/projection-skips.ts';
import { streams } from '../domain/streams.ts';
import { schemaVersionOf } from '../domain/upcast.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { bodyHashOf } from './canonical-json.ts';
import type { EventLog } from './event-log.ts';
import { EventLogUnavailable } from './event-log.ts';
import { eventOf } from './loaded-aggregate.ts';

type SkipDeps = { readonly log: EventLog; readonly runtime: Pick<Runtime, 'ids' | 'clock'> };

/** `recorded`: the log says it from now on. `known`: it said so before, and nothing was written. */
export type RecordOutcome = 'recorded' | 'known';

/**
 * Records that a projection leaves an event out. Of two operators who skip the same event one writes it. Answers when
 * it is durable. Throws `EventLogUnavailable`, and what the log throws.
 */
export function recordSkip(deps: SkipDeps, skip: SkippedEvent): Promise<RecordOutcome> {
  return record(deps, { type: 'EventSkipped', data: skip }, (skips) => !skips.has(placeOf(skip)));
}

/** Records that a skip holds no more; the same in all else. */
export function recordUndoneSkip(deps: SkipDeps, undone: UndoneSkip): Promise<RecordOutcome> {
  return record(deps, { type: 'SkipUndone', data: undone }, (skips) => skips.has(placeOf(undone)));
}

async function record(
  { log, runtime }: SkipDeps,
  event: ProjectionEvent,
  isWanted: (skips: Skips) => boolean,
): Promise<RecordOutcome> {
  const stream = streams.projection(event.data.projection);
  const id = runtime.ids.next();
  for (;;) {
    const { skips, revision, ids } = await readSkipStream(log, stream);
    // After an append of unknown fate: ours.
    if (ids.has(id)) return 'recorded';
    if (!isWanted(skips)) return 'known';
    const result = await log.append(stream, revision < 0 ? 'no-stream' : revision, [
      {
        id,
        type: event.type,
        data: event.data,
        metadata: {
          $correlationId: id,
          $causationId: id,
          actor: 'system:operator',
          commandId: id,
          bodyHash: bodyHashOf(event.data),
          timeMs: runtime.clock.nowMs(),
          schemaVersion: schemaVersionOf(event.type),
        },
      },
    ]);
    if (result.kind === 'appended') return 'recorded';
    if (result.kind === 'unknown') {
      if ((await readSkipStream(log, stream)).ids.has(id)) return 'recorded';
      throw new EventLogUnavailable(`whether the decision was recorded is not known: ${result.cause}`);
    }
  }
}

async function readSkipStream(
  log: EventLog,
  stream: string,
): Promise<{ readonly skips: Skips; readonly revision: number; readonly ids: ReadonlySet<string> }> {
  let skips = noSkips;
  let revision = -1;
  const ids = new Set<string>();
  for await (const recorded of log.readStream(stream)) {
    skips = evolveSkips(skips, eventOf<ProjectionEvent>(recorded));
    revision = recorded.revision;
    ids.add(recorded.id);
  }
  return { skips, revision, ids };
}

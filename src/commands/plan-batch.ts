import type { Decider, Rejection } from '../domain/decider.ts';
import { rejection } from '../domain/decider.ts';
import type { DomainEvent } from '../domain/events.ts';
import { schemaVersionOf } from '../domain/upcast.ts';
import type { Clock, IdSource } from '../runtime/runtime.ts';
import type { AcceptedEvent, CommandEnvelope } from './command-envelope.ts';
import type { NewEvent } from './event-log.ts';
import type { LoadedAggregate } from './loaded-aggregate.ts';
import type { RecentCommand } from './recent-commands.ts';

/** An event that has no position yet. */
export type PlannedEvent<Event> = Omit<AcceptedEvent<Event>, 'position'>;

/** What one command of a batch comes to, once the batch's events are in the log. */
export type PlannedAnswer<State, Event> =
  | { readonly kind: 'events'; readonly events: readonly PlannedEvent<Event>[]; readonly state: State }
  /** Accepted, and there is nothing to do. */
  | { readonly kind: 'nothing'; readonly state: State; readonly revision: number }
  /** `final`: true in every later state too, so that it needs no proof that the state is the newest. */
  | { readonly kind: 'rejected'; readonly rejection: Rejection; readonly final: boolean }
  /** Accepted before. */
  | { readonly kind: 'known'; readonly command: RecentCommand }
  /** The same command as an earlier one of this batch. */
  | { readonly kind: 'same-as'; readonly index: number };

export interface BatchPlan<State, Event> {
  /** One for each planned command, from the batch's first on; the others did not fit into the append. */
  readonly answers: readonly PlannedAnswer<State, Event>[];
  readonly newEvents: readonly NewEvent[];
}

export interface PlanBatchOptions<State, Command, Event extends DomainEvent> {
  readonly decider: Decider<State, Command, Event>;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly batchEventsMax: number;
  readonly batchBytesMax: number;
  readonly eventOverheadBytes: number;
  /** Told of a decider that threw. */
  readonly onFault: (error: unknown, commandId: string) => void;
}

/** A command of a batch, with what was found out about it elsewhere than in the recent commands. */
export interface BatchItem<Command> {
  readonly envelope: CommandEnvelope<Command>;
  readonly earlier?: RecentCommand | undefined;
}

const commandIdReused: Rejection = rejection(
  'command-id-reused',
  'This command id was used before for a different command.',
);

/**
 * Decides the commands of a batch one after another over the evolving state. Nothing is written and the
 * aggregate is not touched: the plan holds when, and only when, its events go in right after its revision.
 */
export function planBatch<State, Command, Event extends DomainEvent>(
  options: PlanBatchOptions<State, Command, Event>,
  aggregate: LoadedAggregate<State, Event>,
  batch: readonly BatchItem<Command>[],
): BatchPlan<State, Event> {
  const { decider } = options;
  const answers: PlannedAnswer<State, Event>[] = [];
  const newEvents: NewEvent[] = [];
  const indexOfCommand = new Map<string, number>();
  let state = aggregate.state;
  let timeMs = aggregate.lastTimeMs;
  let bytes = 0;

  for (const [index, item] of batch.entries()) {
    const { envelope } = item;
    const known = aggregate.recent.find(envelope.commandId) ?? item.earlier;
    const twin = indexOfCommand.get(envelope.commandId);
    if (known !== undefined) {
      const same = known.bodyHash === envelope.bodyHash;
      answers.push(same ? { kind: 'known', command: known } : finalRejection(commandIdReused));
      continue;
    }
    // Only accepted commands are remembered here, as everywhere: a rejected twin leaves no trace.
    if (twin !== undefined) {
      const same = batch[twin]?.envelope.bodyHash === envelope.bodyHash;
      answers.push(same ? { kind: 'same-as', index: twin } : finalRejection(commandIdReused));
      continue;
    }
    if (envelope.refusal !== undefined) {
      answers.push({ kind: 'rejected', rejection: envelope.refusal, final: false });
      continue;
    }
    timeMs = Math.max(options.clock.nowMs(), timeMs);
    const nextRevision = aggregate.revision + 1 + newEvents.length;
    const decided = tryDecide(options, envelope, state, { nowMs: timeMs, nextRevision });
    if (decided.kind === 'rejected') {
      answers.push({ ...decided, final: decided.final || decider.isTerminal(aggregate.state) });
      continue;
    }
    const { events } = decided;
    if (events.length === 0) {
      answers.push({ kind: 'nothing', state, revision: nextRevision - 1 });
      continue;
    }
    const records = events.map((event) => newEventOf(event, envelope, timeMs, options.ids));
    const size = sizeOf(records, options.eventOverheadBytes);
    if (events.length > options.batchEventsMax || size > options.batchBytesMax) {
      answers.push(finalRejection(rejection('too-large', 'The command is larger than the server takes.')));
      continue;
    }
    const full =
      newEvents.length + events.length > options.batchEventsMax || bytes + size > options.batchBytesMax;
    if (full) break;
    bytes += size;
    const accepted: PlannedEvent<Event>[] = [];
    for (const [offset, event] of events.entries()) {
      const revision = nextRevision + offset;
      state = decider.evolve(state, event, { revision, timeMs });
      accepted.push({ event, eventId: records[offset]?.id ?? '', revision, timeMs });
    }
    newEvents.push(...records);
    indexOfCommand.set(envelope.commandId, index);
    answers.push({ kind: 'events', events: accepted, state });
  }
  return { answers, newEvents };
}

function finalRejection(found: Rejection): PlannedAnswer<never, never> {
  return { kind: 'rejected', rejection: found, final: true };
}

/** A decider that throws is a fault in one command: the others of the batch must not suffer for it. */
function tryDecide<State, Command, Event extends DomainEvent>(
  options: PlanBatchOptions<State, Command, Event>,
  { command, commandId }: CommandEnvelope<Command>,
  state: State,
  at: { readonly nowMs: number; readonly nextRevision: number },
):
  | { readonly kind: 'accepted'; readonly events: readonly Event[] }
  | { readonly kind: 'rejected'; readonly rejection: Rejection; readonly final: boolean } {
  try {
    const decision = options.decider.decide(command, state, at);
    return decision.kind === 'accepted' ? decision : { ...decision, final: false };
  } catch (error) {
    options.onFault(error, commandId);
    const found = rejection('internal', 'A fault of the server. It has been logged.');
    return { kind: 'rejected', rejection: found, final: true };
  }
}

function newEventOf<Event extends DomainEvent>(
  event: Event,
  envelope: CommandEnvelope<unknown>,
  timeMs: number,
  ids: IdSource,
): NewEvent {
  return {
    id: ids.next(),
    type: event.type,
    data: event.data,
    metadata: {
      $correlationId: envelope.correlationId,
      $causationId: envelope.causationId,
      actor: envelope.actor,
      commandId: envelope.commandId,
      bodyHash: envelope.bodyHash,
      timeMs,
      schemaVersion: schemaVersionOf(event.type),
    },
  };
}

function sizeOf(records: readonly NewEvent[], overheadBytes: number): number {
  return records.reduce((sum, { data }) => sum + Buffer.byteLength(JSON.stringify(data)) + overheadBytes, 0);
}

/**
 * One stream's commands, decided one after another and appended together.
 *
 *            submit                    queue empty
 *    idle ───────────► draining ─────────────────────► idle
 *                        │  ▲
 *        append: unknown │  │ tail read back
 *                        ▼  │
 *                      blocked  (commands queue; those past their deadline are answered)
 *
 * While draining: take a batch, plan it over the newest known state, append its events with exactly the revision
 * that the plan is based on, answer. A successful append proves that the state was the newest, and so proves the
 * batch's rejections too; a batch without events is proven by reading the tail. On a conflict the tail is read
 * and the batch planned again. Only terminal states answer without proof.
 *
 * A command that may have been accepted longer ago than the aggregate remembers is taken out of its batch, looked up
 * beside the queue, and queued again; see `LookUps`.
 */
import type { Decider, Rejection } from '../domain/decider.ts';
import { rejection } from '../domain/decider.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { CommandEnvelope, CommandOutcome } from './command-envelope.ts';
import type { LookedUp } from './earlier-command.ts';
import type { AppendResult, NewEvent } from './event-log.ts';
import { EventLogError, EventLogUnavailable, START } from './event-log.ts';
import { faultRejection } from './fault-rejection.ts';
import type { LoadedAggregate } from './loaded-aggregate.ts';
import { LookUps } from './look-ups.ts';
import type { MailboxScope } from './mailbox-scope.ts';
import { nextTick } from './mailbox-scope.ts';
import { NewestAggregate } from './newest-aggregate.ts';
import type { BatchPlan, PlannedAnswer } from './plan-batch.ts';
import { planBatch } from './plan-batch.ts';
import type { RecentCommand } from './recent-commands.ts';

interface Pending<State, Command, Event> extends LookedUp {
  readonly envelope: CommandEnvelope<Command>;
  readonly deadlineMs: number;
  readonly answer: (outcome: CommandOutcome<State, Event>) => void;
  /** The revision that an append of unknown fate built on: as long as the stream is there, it may still land. */
  uncertainAtRevision: number | undefined;
}

export class Mailbox<State, Command, Event extends DomainEvent> {
  readonly #stream: string;
  readonly #decider: Decider<State, Command, Event>;
  readonly #scope: MailboxScope;
  readonly #queue: Pending<State, Command, Event>[] = [];
  readonly #newest: NewestAggregate<State, Event>;
  readonly #lookUps: LookUps<Pending<State, Command, Event>>;
  #draining = false;
  #readers = 0;

  constructor(stream: string, decider: Decider<State, Command, Event>, scope: MailboxScope) {
    this.#stream = stream;
    this.#decider = decider;
    this.#scope = scope;
    this.#newest = new NewestAggregate(stream, decider, scope);
    this.#lookUps = new LookUps(stream, scope, (commands) => this.#enqueue(commands));
  }

  /** Whether nothing is under way, so that the mailbox may be forgotten. */
  get isIdle(): boolean {
    const nothingWaits = !this.#draining && this.#readers === 0 && this.#lookUps.count === 0;
    return nothingWaits && !this.#newest.isRefreshing;
  }

  /** About how many bytes of memory the aggregate takes. */
  get heldBytes(): number {
    return this.#newest.current?.heldBytes ?? 0;
  }

  /** Queues a command. Its outcome never rejects. */
  submit(envelope: CommandEnvelope<Command>): Promise<CommandOutcome<State, Event>> {
    const { bounds, load, runtime } = this.#scope;
    const isFull = this.#queue.length + this.#lookUps.count >= bounds.mailboxQueueMax;
    if (isFull || load.pendingCommands >= bounds.pendingCommandsMax) return Promise.resolve(this.#busy());
    load.pendingCommands += 1;
    return new Promise((resolve) => {
      let answered = false;
      const pending: Pending<State, Command, Event> = {
        envelope,
        deadlineMs: runtime.clock.monotonicMs() + bounds.commandDeadlineMs,
        answer: (outcome) => {
          if (answered) return;
          answered = true;
          load.pendingCommands -= 1;
          resolve(outcome);
        },
        earlier: undefined,
        absentUntil: START,
        uncertainAtRevision: undefined,
      };
      this.#enqueue([pending]);
    });
  }

  /** The aggregate, proven to be the newest no longer than `maxAgeMs` ago; 0: now. Throws `EventLogUnavailable`. */
  async read(maxAgeMs: number): Promise<LoadedAggregate<State, Event>> {
    const oldestMs = this.#scope.runtime.clock.monotonicMs() - maxAgeMs;
    const nowTick = nextTick(this.#scope);
    this.#readers += 1;
    try {
      // No age at all means after this call, which a clock cannot tell from just before it.
      return await this.#newest.proven(({ proof }) =>
        maxAgeMs > 0 ? proof.atMs >= oldestMs : proof.tick > nowTick,
      );
    } finally {
      this.#readers -= 1;
    }
  }

  #enqueue(commands: readonly Pending<State, Command, Event>[]): void {
    this.#queue.push(...commands);
    if (this.#draining || this.#queue.length === 0) return;
    this.#draining = true;
    void this.#drain();
  }

  async #drain(): Promise<void> {
    const { batchCommandsMax } = this.#scope.bounds;
    // One turn, so that commands which arrive together are decided together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, batchCommandsMax);
      try {
        await this.#settle(batch);
      } catch (error) {
        // A fault in here must cost this batch only. What was appended before it is found by command id.
        this.#scope.logger.error({ err: error, stream: this.#stream }, 'a batch of commands failed');
        this.#newest.forget();
        for (const pending of batch) pending.answer(unknown);
      }
    }
    this.#draining = false;
  }

  /** Answers every command of the batch, in as many appends as it takes. */
  async #settle(batch: readonly Pending<State, Command, Event>[]): Promise<void> {
    const { bounds, runtime } = this.#scope;
    const arrivedTick = nextTick(this.#scope);
    let rest = batch;
    /** Plan over nothing that was proven before this. */
    let provenAfterTick = -1;
    let conflicts = 0;
    let delayMs = bounds.readBackDelayMsMin;
    for (;;) {
      rest = this.#answerOverdue(rest);
      if (rest.length === 0) return;
      let aggregate: LoadedAggregate<State, Event>;
      try {
        aggregate = await this.#newest.proven(({ proof }) => proof.tick > provenAfterTick);
      } catch (error) {
        if (!(error instanceof EventLogError)) throw error;
        if (!(error instanceof EventLogUnavailable)) return this.#answerUnreadable(rest, error);
        await runtime.timers.sleep(delayMs);
        delayMs = Math.min(delayMs * 2, bounds.readBackDelayMsMax);
        continue;
      }
      rest = this.#lookUps.takeOut(rest, aggregate.recent);
      if (rest.length === 0) return;
      const plan = this.#plan(rest, aggregate);
      const planned = rest.slice(0, plan.answers.length);
      if (plan.newEvents.length === 0) {
        const isProven = plan.answers.every((answer) => needsNoProof(answer, aggregate.revision));
        if (aggregate.proof.tick <= arrivedTick && !isProven) {
          provenAfterTick = arrivedTick;
          continue;
        }
        this.#answerPlanned(planned, plan.answers, aggregate, aggregate.position);
        rest = rest.slice(planned.length);
        continue;
      }
      const expected = aggregate.revision;
      const proof = { atMs: runtime.clock.monotonicMs(), tick: nextTick(this.#scope) };
      const result = await this.#append(expected, plan.newEvents);
      switch (result.kind) {
        case 'appended':
          this.#advance(aggregate, expected, plan.newEvents, result.position);
          aggregate.proven(proof);
          this.#answerPlanned(planned, plan.answers, aggregate, result.position);
          rest = rest.slice(planned.length);
          conflicts = 0;
          break;
        case 'conflict':
          conflicts += 1;
          if (conflicts > bounds.conflictRetriesMax) {
            for (const pending of rest) pending.answer(this.#uncertain(pending) ? unknown : this.#busy());
            return;
          }
          provenAfterTick = nextTick(this.#scope);
          // The first time at once; after that, writers of several processes get out of each other's step.
          if (conflicts > 1) {
            await runtime.timers.sleep(runtime.random.fraction() * bounds.conflictDelayMsMax);
          }
          break;
        case 'unknown':
          this.#scope.logger.warn({ stream: this.#stream, cause: result.cause }, 'an append of unknown fate');
          for (const pending of planned) pending.uncertainAtRevision = expected;
          provenAfterTick = nextTick(this.#scope);
          break;
        case 'failed':
          await this.#isolateCulprit(planned, result.error);
          rest = rest.slice(planned.length);
          break;
      }
    }
  }

  #plan(
    batch: readonly Pending<State, Command, Event>[],
    aggregate: LoadedAggregate<State, Event>,
  ): BatchPlan<State, Event> {
    const { runtime, bounds, logger } = this.#scope;
    const options = {
      decider: this.#decider,
      clock: runtime.clock,
      ids: runtime.ids,
      batchEventsMax: bounds.batchEventsMax,
      batchBytesMax: bounds.batchBytesMax,
      eventOverheadBytes: bounds.eventOverheadBytes,
      onFault: (error: unknown, commandId: string) =>
        logger.error({ err: error, stream: this.#stream, commandId }, 'a decider failed'),
    };
    return planBatch(options, aggregate, batch);
  }

  async #append(
    expected: number,
    events: readonly NewEvent[],
  ): Promise<AppendResult | { readonly kind: 'failed'; readonly error: unknown }> {
    try {
      return await this.#scope.eventLog.append(this.#stream, expected < 0 ? 'no-stream' : expected, events);
    } catch (error) {
      // Unavailable is the one failure after which the events may be there all the same.
      if (error instanceof EventLogUnavailable) return { kind: 'unknown', cause: error.message };
      return { kind: 'failed', error };
    }
  }

  /** Folds in what was just appended, unless a reader has brought it already. */
  #advance(
    aggregate: LoadedAggregate<State, Event>,
    expected: number,
    newEvents: readonly NewEvent[],
    position: bigint,
  ): void {
    for (const [offset, event] of newEvents.entries()) {
      // Only the last event's position is known; for the others it is late by a few events, which is safe.
      aggregate.apply({ ...event, stream: this.#stream, revision: expected + 1 + offset, position });
    }
    this.#scope.loader.snapshotWhenDue(this.#stream, this.#decider, aggregate);
  }

  /** The stream cannot be read, and will not be: what is not under way has not taken effect. */
  #answerUnreadable(rest: readonly Pending<State, Command, Event>[], error: EventLogError): void {
    this.#scope.logger.error({ err: error, stream: this.#stream }, 'a stream cannot be read');
    this.#newest.forget();
    const fault = { kind: 'rejected', rejection: faultRejection(error) } as const;
    for (const pending of rest) pending.answer(this.#uncertain(pending) ? unknown : fault);
  }

  /** A batch that cannot be appended at all is halved until the command that spoils it stands alone. */
  async #isolateCulprit(batch: readonly Pending<State, Command, Event>[], error: unknown): Promise<void> {
    const [only, ...others] = batch;
    if (only === undefined) return;
    if (others.length === 0) {
      const { commandId } = only.envelope;
      this.#scope.logger.error(
        { err: error, stream: this.#stream, commandId },
        'a command cannot be appended',
      );
      return only.answer({ kind: 'rejected', rejection: faultRejection(error) });
    }
    const middle = Math.ceil(batch.length / 2);
    await this.#settle(batch.slice(0, middle));
    await this.#settle(batch.slice(middle));
  }

  #answerPlanned(
    planned: readonly Pending<State, Command, Event>[],
    answers: readonly PlannedAnswer<State, Event>[],
    aggregate: LoadedAggregate<State, Event>,
    position: bigint,
  ): void {
    for (const [index, pending] of planned.entries()) {
      const own = answers[index];
      const repeated = own?.kind === 'same-as';
      const planAnswer = own?.kind === 'same-as' ? answers[own.index] : own;
      switch (planAnswer?.kind) {
        case 'events': {
          const { state } = planAnswer;
          const events = planAnswer.events.map((event) => ({ ...event, position }));
          const revision = events.at(-1)?.revision ?? aggregate.revision;
          pending.answer({ kind: 'accepted', events, state, revision, position, repeated });
          break;
        }
        case 'nothing': {
          const { state, revision } = planAnswer;
          pending.answer({ kind: 'accepted', events: [], state, revision, position, repeated: true });
          break;
        }
        case 'known':
          void this.#answerAgain(pending, planAnswer.command, aggregate);
          break;
        case 'rejected':
          pending.answer(this.#uncertain(pending) ? unknown : planAnswer);
          break;
        default:
          throw new Error(`${this.#stream}: a planned command has no answer`);
      }
    }
  }

  /** Gives a command that was accepted before its first answer, rebuilt from its events. */
  async #answerAgain(
    { envelope, answer }: Pending<State, Command, Event>,
    command: RecentCommand,
    { state, revision, position }: LoadedAggregate<State, Event>,
  ): Promise<void> {
    try {
      const found = await this.#scope.loader.eventsOf<Event>(this.#stream, envelope.commandId, command);
      const events = found.map(({ event, recorded }) => ({
        event,
        eventId: recorded.id,
        revision: recorded.revision,
        timeMs: recorded.metadata.timeMs,
        position: recorded.position,
      }));
      answer({ kind: 'accepted', events, state, revision, position, repeated: true });
    } catch (error) {
      this.#scope.logger.warn({ err: error, stream: this.#stream }, 'an earlier answer could not be read');
      answer(unknown);
    }
  }

  /** Answers the commands that have waited too long, and returns the others. */
  #answerOverdue(
    batch: readonly Pending<State, Command, Event>[],
  ): readonly Pending<State, Command, Event>[] {
    const nowMs = this.#scope.runtime.clock.monotonicMs();
    if (batch.every(({ deadlineMs }) => nowMs < deadlineMs)) return batch;
    return batch.filter((pending) => {
      if (nowMs < pending.deadlineMs) return true;
      pending.answer(this.#uncertain(pending) ? unknown : { kind: 'rejected', rejection: unavailable });
      return false;
    });
  }

  /** Whether an append of unknown fate with this command in it may still land. */
  #uncertain({ uncertainAtRevision }: Pending<State, Command, Event>): boolean {
    if (uncertainAtRevision === undefined) return false;
    // It expected that revision exactly: once the stream has moved on, what has not landed never will.
    const newest = this.#newest.current;
    return newest === undefined || newest.revision <= uncertainAtRevision;
  }

  #busy(): { readonly kind: 'busy'; readonly retryAfterMs: number } {
    return { kind: 'busy', retryAfterMs: this.#scope.bounds.busyRetryAfterMs };
  }
}

const unknown = { kind: 'unknown' } as const;
const unavailable: Rejection = rejection('unavailable', 'The event store does not answer now.');

/** Whether an answer holds in every state of the stream from this revision on. */
function needsNoProof(answer: PlannedAnswer<unknown, unknown>, revision: number): boolean {
  // The history may know of what another process appended: the state must not be older than that.
  if (answer.kind === 'known') return answer.command.lastRevision <= revision;
  return answer.kind === 'rejected' && answer.final;
}

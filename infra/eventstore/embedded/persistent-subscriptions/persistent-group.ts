/**
 * A group with everything around its core: the log that it reads, the clients that it serves, the streams that
 * keep its checkpoint and its parked events.
 *
 * Whatever happens (an event read, an answer, a timeout, a client more or less) ends in one step: what is to be
 * parked goes, clients get what they have room for, a checkpoint is written if it is time, and the one timer is
 * set to the next moment at which time alone changes something. A group without clients has no timer and reads
 * nothing.
 */
import { limits } from '../../../../src/config/limits.ts';
import type { Runtime, TimerHandle } from '../../../../src/runtime/runtime.ts';
import { StoreUnavailable } from '../storage/event-store.ts';
import { GrpcError, grpcStatus } from '../grpc/grpc-status.ts';
import { eventFrame, type ResolvedEvent } from '../streams/read-responses.ts';
import { RecordCorrupt } from '../storage/stored-record.ts';
import { CheckpointStore } from './checkpoint-store.ts';
import { Checkpointer } from './checkpointer.ts';
import type { GroupConfig } from './group-config.ts';
import { GroupCore } from './group-core.ts';
import { groupDropped, maximumSubscribersReached } from './group-errors.ts';
import { filterOf } from './group-filter.ts';
import type { GroupMessage, NackAction, Park } from './group-message.ts';
import { GroupSource } from './group-source.ts';
import { ParkedMessages } from './parked-messages.ts';
import { ParkedReplay } from './parked-replay.ts';
import { type GroupDeps, SourceReader } from './source-reader.ts';
import type { Subscriber, SubscriberHost } from './subscriber.ts';

export class PersistentGroup implements SubscriberHost {
  readonly config: GroupConfig;
  readonly #runtime: Runtime;
  readonly #core: GroupCore;
  readonly #source: GroupSource;
  readonly #checkpoints: CheckpointStore;
  readonly #checkpointer: Checkpointer;
  readonly #parked: ParkedMessages;
  readonly #replay: ParkedReplay;
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #writes = new Set<Promise<void>>();
  readonly #reader: SourceReader;
  #timer: TimerHandle | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #totalItems = 0;
  #isStopped = false;

  /** Resumes from the group's checkpoint. Throws `RecordCorrupt`. */
  constructor(deps: GroupDeps, config: GroupConfig) {
    const { store, runtime, turns } = deps;
    const { name, settings } = config;
    this.config = config;
    this.#runtime = runtime;
    this.#checkpoints = new CheckpointStore(store, runtime, name);
    this.#parked = new ParkedMessages(store, runtime, name);
    const checkpoint = this.#checkpoints.read();
    const doneIndex = checkpoint ?? config.firstIndex - 1;
    this.#checkpointer = new Checkpointer(this.#checkpoints, settings, checkpoint);
    this.#core = new GroupCore(settings, doneIndex);
    const filter = config.filter === undefined ? undefined : filterOf(config.filter);
    this.#source = new GroupSource(store, runtime.clock, { name, settings, filter, turns }, doneIndex + 1);
    this.#replay = new ParkedReplay(this.#parked, this.#core, settings);
    this.#reader = new SourceReader(deps, config, this.#source, this.#core, {
      read: () => this.#step(),
      failed: (error) => this.#endClients(readFailure(error)),
    });
  }

  /** Adds a client. Throws `GrpcError` when the group has as many as it may have. */
  connect(subscriber: Subscriber): void {
    const { name, settings } = this.config;
    if (this.#isStopped) throw groupDropped(name);
    const max = Math.min(
      settings.maxSubscriberCount || Number.POSITIVE_INFINITY,
      limits.eventNode.groupSubscribersMax,
    );
    if (this.#subscribers.size >= max) throw maximumSubscribersReached(name);
    this.#subscribers.set(subscriber.id, subscriber);
    this.#core.addClient(subscriber.id, subscriber.bufferSize);
    this.#step();
    this.#reader.start();
  }

  /** Removes a client; what was out with it goes to others. Harmless when it is not one. */
  disconnect(subscriber: Subscriber): void {
    if (!this.#subscribers.delete(subscriber.id)) return;
    this.#core.removeClient(subscriber.id);
    this.#step();
    if (this.#subscribers.size > 0) return;
    this.#reader.stop();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }

  /** A client is done with events. */
  ack(subscriber: Subscriber, ids: readonly string[]): void {
    this.#answered(subscriber, ids);
    for (const id of ids) this.#core.ack(id);
    this.#step();
  }

  /** A client could not handle events. */
  nack(subscriber: Subscriber, ids: readonly string[], action: NackAction, reason: string): void {
    this.#answered(subscriber, ids);
    for (const id of ids) this.#core.nack(subscriber.id, id, action, reason);
    if (action === 'stop') {
      subscriber.end(groupDropped(this.config.name));
      this.disconnect(subscriber);
    } else {
      this.#step();
    }
  }

  /** Delivers again what is parked, up to (not including) the revision `stopAt` of the parked stream. */
  replayParked(stopAt: number | undefined): void {
    this.#replay.start(stopAt);
    this.#step();
  }

  /** Ends all clients with `error`, and takes no others. Resolves when nothing more is written. */
  async stop(error: Error): Promise<void> {
    this.#isStopped = true;
    this.#endClients(error);
    while (this.#writes.size > 0) await Promise.all(this.#writes);
  }

  /** Forgets what is stored of the group; it must have been stopped. Throws `StoreUnavailable`. */
  async deleteState(): Promise<void> {
    await this.#checkpoints.delete();
    await this.#parked.delete();
  }

  /** What is said of the group to those who ask. */
  get state() {
    return {
      subscribers: [...this.#subscribers.values()].map((subscriber) => ({
        subscriber,
        inFlight: this.#core.clients.find(({ id }) => id === subscriber.id)?.inFlight ?? 0,
      })),
      counts: this.#core.counts,
      totalItems: this.#totalItems,
      parkedCount: this.#replay.parkedCount,
      isReplaying: this.#replay.isUnderWay,
      isBehind: this.#source.isBehind,
      checkpointIndex: this.#checkpointer.index,
      /** Of a filtered group, what it has looked at: which of the rest it wants is not known. */
      lastKnownIndex: this.config.filter === undefined ? this.#source.lastIndex : this.#core.knownIndex,
    };
  }

  frameFor(message: GroupMessage, subscriber: Subscriber): Buffer | undefined {
    const resolved = this.#resolved(message);
    if (resolved !== undefined) return eventFrame(resolved, subscriber.uuidForm, message.retryCount);
    // Its space was reclaimed since it was read; there is nothing to deliver any more.
    this.ack(subscriber, [message.id]);
    return undefined;
  }

  isOut(message: GroupMessage, subscriber: Subscriber): boolean {
    return this.#core.isOut(message, subscriber.id);
  }

  #endClients(error: Error): void {
    const subscribers = [...this.#subscribers.values()];
    for (const subscriber of subscribers) subscriber.end(error);
    for (const subscriber of subscribers) this.disconnect(subscriber);
  }

  #resolved({ index, replayed }: GroupMessage): ResolvedEvent | undefined {
    return replayed ? this.#parked.at(index) : this.#source.at(index);
  }

  #answered(subscriber: Subscriber, ids: readonly string[]): void {
    if (!this.config.settings.extraStatistics) return;
    const nowMs = this.#runtime.clock.monotonicMs();
    for (const id of ids) subscriber.latency.answered(id, nowMs);
  }

  #step(): void {
    const nowMs = this.#runtime.clock.monotonicMs();
    for (const park of this.#core.takeParks()) this.#track(this.#park(park));
    this.#replay.pull();
    for (const { clientId, message } of this.#core.dispatch(nowMs)) {
      const subscriber = this.#subscribers.get(clientId);
      if (this.config.settings.extraStatistics) subscriber?.latency.started(message.id, nowMs);
      subscriber?.push(message, this);
      this.#totalItems++;
    }
    this.#reader.resume();
    const truncated = this.#replay.truncateDone();
    if (truncated !== undefined) this.#track(truncated);
    this.#writeCheckpoint(nowMs);
    if (this.#subscribers.size > 0) this.#setTimer(nowMs);
  }

  /** Writes how far the group is: when it is time, and when nobody is left who could get it further. */
  #writeCheckpoint(nowMs: number): void {
    const { progress } = this.#core;
    const isDue =
      this.#subscribers.size > 0
        ? this.#checkpointer.dueInMs(progress, nowMs) <= 0
        : this.#checkpointer.mayWrite(progress, nowMs);
    if (isDue) this.#track(this.#checkpointer.write(progress, nowMs).then(() => this.#step()));
  }

  /** Sets the timer, unless it goes off before: then it is set again. */
  #setTimer(nowMs: number): void {
    const checkpointInMs = this.#checkpointer.dueInMs(this.#core.progress, nowMs);
    const atMs = Math.min(this.#core.nextDeadlineMs, nowMs + checkpointInMs);
    if (atMs >= this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = this.#runtime.timers.after(Math.max(0, atMs - nowMs), () => {
      this.#timer = undefined;
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#core.expire(this.#runtime.clock.monotonicMs());
      this.#step();
    });
  }

  async #park({ message, reason }: Park): Promise<void> {
    let stored = false;
    try {
      const resolved = this.#resolved(message);
      if (resolved !== undefined) await this.#parked.add(resolved, reason, message.index);
      stored = true;
    } finally {
      this.#core.parked(message, stored);
      this.#step();
    }
  }

  /** Lets `stop` wait for a write. One that fails is not lost: the group itself still has what it is about. */
  #track(write: Promise<void>): void {
    const tracked = write.catch(() => {}).finally(() => this.#writes.delete(tracked));
    this.#writes.add(tracked);
  }
}

/** What clients are told when the source cannot be read. Anything unexpected is the server's to log. */
function readFailure(error: unknown): Error {
  if (error instanceof RecordCorrupt) return new GrpcError(grpcStatus.dataLoss, error.message);
  if (error instanceof StoreUnavailable) return new GrpcError(grpcStatus.unavailable, error.message);
  return error instanceof Error ? error : new Error('the source cannot be read', { cause: error });
}

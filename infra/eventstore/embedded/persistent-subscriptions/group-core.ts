/**
 * One group of competing consumers, without any IO: what is where, and what happens to it next.
 *
 *     offer --> buffered --dispatch--> in flight --ack, skip--> done
 *                                       |     ^                  ^
 *              nack, timeout, client gone     | dispatch         | parked
 *                                       v     |                  |
 *     replay ----------------------> waiting again --too often--> parking
 *                                             ^--could not be stored--/
 *
 * The checkpoint is the place before the first event of the source that is not done. It moves in the order of the
 * source, whatever the order in which events are done.
 */
import { limits } from '../../../../src/config/limits.ts';
import { ClientPool, type PoolClient } from './client-pool.ts';
import type { Delivery, GroupMessage, NackAction, NewMessage, Park, Progress } from './group-message.ts';
import type { GroupSettings } from './group-settings.ts';
import { RetryQueue } from './retry-queue.ts';

interface Tracked extends GroupMessage {
  retryCount: number;
  /** The group's progress when everything before this event is done. */
  readonly before: Progress;
}

type CoreSettings = Pick<
  GroupSettings,
  'messageTimeoutMs' | 'maxRetryCount' | 'liveBufferSize' | 'historyBufferSize' | 'strategy'
>;

export class GroupCore {
  readonly #settings: CoreSettings;
  /** Events that are held, not counting those that are out with clients. */
  readonly #size: number;
  readonly #pool: ClientPool<Tracked>;
  /** Not done, in the order of the source. */
  readonly #unfinished = new Set<Tracked>();
  /** Replayed and not done, in the order of the parked stream. */
  readonly #replaying = new Set<Tracked>();
  readonly #buffered = new Set<Tracked>();
  readonly #retries = new RetryQueue<Tracked>();
  readonly #parking = new Map<GroupMessage, Tracked>();
  #parks: Park[] = [];
  /** Up to here the source was taken in. */
  #known: Progress;

  /** `doneIndex`: the index of the last event of the source that needs no delivery. */
  constructor(settings: CoreSettings, doneIndex: number) {
    this.#settings = settings;
    const asked = Math.max(settings.liveBufferSize, settings.historyBufferSize, 1);
    this.#size = Math.min(asked, limits.eventNode.groupBufferMax);
    this.#pool = new ClientPool(settings);
    this.#known = { index: doneIndex, events: 0 };
  }

  get clients(): readonly PoolClient[] {
    return this.#pool.clients;
  }

  get counts(): { buffered: number; retries: number; inFlight: number; parking: number } {
    return {
      buffered: this.#buffered.size,
      retries: this.#retries.size,
      inFlight: this.#pool.inFlight,
      parking: this.#parking.size,
    };
  }

  /** How many more events it takes in. What waits again or is being parked takes its room too. */
  get room(): number {
    return Math.max(0, this.#size - this.#buffered.size - this.#retries.size - this.#parking.size);
  }

  /** Whether it is worth reading: there is room for a batch, or for half of all that ever fits. */
  hasRoomFor(batch: number): boolean {
    return this.room >= Math.min(batch, Math.ceil(this.#size / 2));
  }

  get progress(): Progress {
    const [first] = this.#unfinished;
    return first === undefined ? this.#known : first.before;
  }

  /** The last index of the source that was taken in. */
  get knownIndex(): number {
    return this.#known.index;
  }

  /** The first replayed event that is not done, by its revision in the parked stream. */
  get firstReplaying(): number | undefined {
    const [first] = this.#replaying;
    return first?.index;
  }

  /** When the first event in flight times out; `Infinity` when none will. */
  get nextDeadlineMs(): number {
    return this.#pool.nextDeadlineMs;
  }

  /** `bufferSize`: how many events may be out with it. */
  addClient(id: string, bufferSize: number): void {
    this.#pool.add(id, bufferSize);
  }

  /** What was out with it waits to be delivered again. */
  removeClient(id: string): void {
    for (const message of this.#pool.remove(id)) this.#waitAgain(message);
  }

  /** Takes in the next event of the source; call it in the source's order. */
  offer(message: NewMessage): void {
    const tracked = this.#track(message, false);
    this.#known = { index: message.index, events: this.#known.events + 1 };
    this.#unfinished.add(tracked);
    this.#buffered.add(tracked);
  }

  /** Passes an event of the source that the group does not want. `counts` as progress, or not even that. */
  pass(index: number, counts: boolean): void {
    this.#known = { index, events: this.#known.events + (counts ? 1 : 0) };
  }

  /** Takes in an event that was parked. */
  replay(message: NewMessage): void {
    const tracked = this.#track(message, true);
    this.#replaying.add(tracked);
    this.#retries.add(tracked);
  }

  /** Gives clients what they have room for. `nowMs` is monotonic, here and below. */
  dispatch(nowMs: number): readonly Delivery[] {
    const deliveries: Delivery[] = [];
    const give = (messages: Iterable<Tracked>, taken: (message: Tracked) => void): void => {
      for (const message of messages) {
        if (!this.#pool.hasRoom) return;
        const clientId = this.#pool.give(message, nowMs);
        if (clientId === undefined) continue;
        deliveries.push({ clientId, message });
        taken(message);
      }
    };
    const again = new Set<Tracked>();
    give(this.#retries, (message) => again.add(message));
    this.#retries.remove(again);
    give(this.#buffered, (message) => this.#buffered.delete(message));
    return deliveries;
  }

  /** Whether the event is still out with that client. */
  isOut(message: GroupMessage, clientId: string): boolean {
    return this.#pool.find(message.id, clientId) === message;
  }

  /**
   * The event with this id is done, whoever says so: a client may be done with it after it was given to another
   * one. Ignored when it is not in flight.
   */
  ack(id: string): void {
    const message = this.#pool.find(id);
    if (message === undefined) return;
    this.#pool.takeBack(message);
    this.#finish(message);
  }

  /** The client did not handle the event. Ignored when the event is not out with it. */
  nack(clientId: string, id: string, action: NackAction, reason: string): void {
    const message = this.#pool.find(id, clientId);
    if (message === undefined) return;
    this.#pool.takeBack(message);
    switch (action) {
      case 'skip':
        this.#finish(message);
        break;
      case 'park':
        this.#park(message, reason);
        break;
      case 'unknown':
      case 'retry':
      case 'stop':
        this.#waitAgainOrPark(message);
        break;
    }
  }

  /** Takes back what has been out for too long. */
  expire(nowMs: number): void {
    for (;;) {
      const message = this.#pool.overdue(nowMs);
      if (message === undefined) return;
      this.#pool.takeBack(message);
      this.#waitAgainOrPark(message);
    }
  }

  /** What is to be parked since the last call. How that went must be told to `parked`. */
  takeParks(): readonly Park[] {
    const parks = this.#parks;
    this.#parks = [];
    return parks;
  }

  /** An event that could not be stored is delivered again: it must not be lost. */
  parked(message: GroupMessage, stored: boolean): void {
    const tracked = this.#parking.get(message);
    if (tracked === undefined) return;
    this.#parking.delete(message);
    if (stored) this.#finish(tracked);
    else this.#retries.add(tracked);
  }

  #track(message: NewMessage, replayed: boolean): Tracked {
    return { ...message, replayed, retryCount: 0, before: this.#known };
  }

  #waitAgainOrPark(message: Tracked): void {
    const { maxRetryCount } = this.#settings;
    if (message.retryCount < maxRetryCount) this.#waitAgain(message);
    else this.#park(message, `delivered again ${maxRetryCount} times, which is the limit`);
  }

  #waitAgain(message: Tracked): void {
    message.retryCount++;
    this.#retries.add(message);
  }

  #park(message: Tracked, reason: string): void {
    this.#parking.set(message, message);
    this.#parks.push({ message, reason });
  }

  #finish(message: Tracked): void {
    (message.replayed ? this.#replaying : this.#unfinished).delete(message);
  }
}

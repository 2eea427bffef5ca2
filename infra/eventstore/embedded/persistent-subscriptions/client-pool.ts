import { limits } from '../../../../src/config/limits.ts';
import { type Consumer, consumerStrategy } from './consumer-strategy.ts';
import type { GroupMessage } from './group-message.ts';
import type { GroupSettings } from './group-settings.ts';

/** A client of a group: how much it takes at once, and how much it has got. */
export interface PoolClient extends Consumer {
  /** At most so many events are out with it. */
  readonly bufferSize: number;
  readonly inFlight: number;
}

interface Out<Message> {
  readonly message: Message;
  readonly client: MutableClient;
  readonly deadlineMs: number;
}

/** A group's clients, and the events that are out with them. */
export class ClientPool<Message extends GroupMessage> {
  readonly #strategy;
  readonly #messageTimeoutMs: number;
  readonly #clients = new Map<string, MutableClient>();
  /** By the event's id, in the order of their deadlines: all may be out equally long. */
  readonly #out = new Map<string, Out<Message>>();
  #freeSlots = 0;

  constructor({ strategy, messageTimeoutMs }: Pick<GroupSettings, 'strategy' | 'messageTimeoutMs'>) {
    this.#strategy = consumerStrategy(strategy);
    this.#messageTimeoutMs = messageTimeoutMs;
  }

  get clients(): readonly PoolClient[] {
    return [...this.#clients.values()];
  }

  get inFlight(): number {
    return this.#out.size;
  }

  get hasRoom(): boolean {
    return this.#freeSlots > 0 && this.#out.size < limits.eventNode.groupInFlightMax;
  }

  /** When the first event times out; `Infinity` when none will. */
  get nextDeadlineMs(): number {
    const [first] = this.#out.values();
    return first?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }

  add(id: string, bufferSize: number): void {
    const client = new MutableClient(id, bufferSize);
    this.#clients.set(id, client);
    this.#freeSlots += bufferSize;
    this.#strategy.added(client);
  }

  /** Answers what was out with it. */
  remove(id: string): readonly Message[] {
    const client = this.#clients.get(id);
    if (client === undefined) return [];
    const lost = [...this.#out.values()].filter((out) => out.client === client).map(({ message }) => message);
    for (const message of lost) this.takeBack(message);
    this.#clients.delete(id);
    this.#freeSlots -= client.bufferSize;
    this.#strategy.removed(client);
    return lost;
  }

  /** Gives the event to a client; answers which. Undefined: whoever may have it has no room. */
  give(message: Message, nowMs: number): string | undefined {
    // Two events may have one id, and an answer would not say which of them it is about.
    if (this.#out.has(message.id)) return undefined;
    const chosen = this.#strategy.choose(message.bucket);
    const client = chosen === undefined ? undefined : this.#clients.get(chosen.id);
    if (client === undefined) return undefined;
    const deadlineMs =
      this.#messageTimeoutMs === 0 ? Number.POSITIVE_INFINITY : nowMs + this.#messageTimeoutMs;
    this.#out.set(message.id, { message, client, deadlineMs });
    client.inFlight++;
    this.#freeSlots--;
    this.#strategy.sent(message.bucket, client);
    return client.id;
  }

  /** The event with this id that is out, with this client or with any. */
  find(id: string, clientId?: string): Message | undefined {
    const out = this.#out.get(id);
    return clientId === undefined || out?.client.id === clientId ? out?.message : undefined;
  }

  /** The first event that has been out for too long. */
  overdue(nowMs: number): Message | undefined {
    const [first] = this.#out.values();
    return first !== undefined && first.deadlineMs <= nowMs ? first.message : undefined;
  }

  /** The event is no longer out. */
  takeBack(message: Message): void {
    const out = this.#out.get(message.id);
    if (out?.message !== message) return;
    this.#out.delete(message.id);
    out.client.inFlight--;
    this.#freeSlots++;
    this.#strategy.settled(message.bucket);
  }
}

class MutableClient implements PoolClient {
  readonly id: string;
  readonly bufferSize: number;
  inFlight = 0;

  constructor(id: string, bufferSize: number) {
    this.id = id;
    this.bufferSize = bufferSize;
  }

  get hasRoom(): boolean {
    return this.inFlight < this.bufferSize;
  }
}

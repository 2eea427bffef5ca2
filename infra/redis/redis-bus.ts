import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { limits } from '../../src/config/limits.ts';
import type { BusMessage, ChangeBus } from '../../src/projections/bus.ts';
import { decodeBusMessage, encodeBusMessage } from '../../src/projections/bus-codec.ts';
import type { TimerHandle, Timers } from '../../src/runtime/runtime.ts';

export interface RedisBusOptions {
  /** `redis://...` or `rediss://...` */
  readonly url: string;
  readonly logger: Logger;
  readonly timers: Pick<Timers, 'every'>;
  /** Lets several systems share a server. */
  readonly channel?: string;
  /** How often the server is asked whether it is there, and how long it may owe an answer, ms. */
  readonly pingEveryMs?: number;
  readonly answerMs?: number;
}

export interface RedisBus extends ChangeBus {
  /** Resolves when messages published from now on, by anyone, reach this process's subscribers. */
  ready(): Promise<void>;
  /** Messages that could not be sent. Their receivers find the gap. */
  readonly dropped: number;
}

/**
 * The bus between processes: Redis publish/subscribe, which keeps a publisher's order and loses what nobody is
 * connected for. Both connections come back by themselves, from a server that has fallen silent too; what is
 * published in between is dropped, not queued without bound. A process hears its own messages too, over the server, in the same order as everybody else.
 */
export function createRedisBus(options: RedisBusOptions): RedisBus {
  return new PubSubBus(options);
}

class PubSubBus implements RedisBus {
  readonly #logger: Logger;
  readonly #channel: string;
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  readonly #handlers = new Set<(message: BusMessage) => void>();
  readonly #subscribed: Promise<unknown>;
  readonly #pinging: TimerHandle;
  #waiting = 0;
  #dropped = 0;
  #closed = false;

  constructor(options: RedisBusOptions) {
    const { url, logger, timers, channel = 'hongbao:changes' } = options;
    this.#logger = logger;
    this.#channel = channel;
    const shared = {
      connectTimeout: limits.bus.connectTimeoutMs,
      socketTimeout: options.answerMs ?? limits.bus.answerMs,
      retryStrategy: (attempt: number) =>
        Math.min(limits.bus.reconnectDelayMsMax, limits.bus.reconnectDelayMsMin * 2 ** Math.min(attempt, 10)),
    };
    this.#publisher = new Redis(url, { ...shared, enableOfflineQueue: false, maxRetriesPerRequest: 0 });
    this.#subscriber = new Redis(url, { ...shared, maxRetriesPerRequest: null, autoResubscribe: true });
    for (const connection of [this.#publisher, this.#subscriber]) {
      // The message alone: an error that answers a command holds the command, a refused password with it.
      connection.on('error', ({ message }: Error) =>
        logger.warn({ why: message }, 'lost the connection to Redis'),
      );
    }
    this.#subscriber.on('message', (_channel: string, text: string) => this.#receive(text));
    this.#subscribed = this.#subscriber.subscribe(channel);
    // Reported through `ready`, for those who ask.
    this.#subscribed.catch(() => undefined);
    // Whoever only listens never finds out that the other side is gone.
    this.#pinging = timers.every(options.pingEveryMs ?? limits.bus.pingEveryMs, () => this.#ping());
  }

  get dropped(): number {
    return this.#dropped;
  }

  async ready(): Promise<void> {
    await this.#subscribed;
    if (this.#publisher.status === 'ready') return;
    await new Promise<void>((resolve) => this.#publisher.once('ready', resolve));
  }

  publish(message: BusMessage): void {
    if (this.#closed) return;
    const text = encodeBusMessage(message);
    const { messageBytesMax, queuedMessagesMax } = limits.bus;
    const isTooLarge = Buffer.byteLength(text) > messageBytesMax;
    if (isTooLarge || this.#waiting >= queuedMessagesMax || this.#publisher.status !== 'ready') {
      this.#drop();
      return;
    }
    this.#waiting += 1;
    this.#publisher
      .publish(this.#channel, text)
      .catch(() => this.#drop())
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  subscribe(handler: (message: BusMessage) => void): () => void {
    const own = (message: BusMessage): void => handler(message);
    this.#handlers.add(own);
    return () => {
      this.#handlers.delete(own);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#handlers.clear();
    this.#pinging.cancel();
    this.#publisher.disconnect();
    this.#subscriber.disconnect();
  }

  /** Without an answer in time, the connection is given up and made anew. */
  #ping(): void {
    if (this.#subscriber.status !== 'ready') return;
    this.#subscriber.ping().catch(() => undefined);
  }

  #drop(): void {
    this.#dropped += 1;
    // One line per power of two: an outage must not flood the log.
    if (Number.isInteger(Math.log2(this.#dropped))) {
      this.#logger.warn({ dropped: this.#dropped }, 'bus messages were dropped');
    }
  }

  #receive(text: string): void {
    let message: BusMessage;
    try {
      message = decodeBusMessage(text);
    } catch (error) {
      this.#logger.warn({ err: error }, 'got something on the bus that is no message');
      return;
    }
    for (const handler of this.#handlers) {
      try {
        handler(message);
      } catch (error) {
        this.#logger.error({ err: error, kind: message.kind }, 'a bus subscriber failed');
      }
    }
  }
}

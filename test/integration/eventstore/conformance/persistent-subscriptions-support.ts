import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import {
  type EventStoreDBClient,
  type PersistentSubscriptionToAll,
  type PersistentSubscriptionToStream,
  type PersistentSubscriptionToStreamSettings,
  persistentSubscriptionToStreamSettingsFromDefaults,
} from '@eventstore/db-client';

type Subscription = PersistentSubscriptionToStream | PersistentSubscriptionToAll;
/** An event as a persistent subscription gives it. */
export type Delivered = Parameters<Subscription['ack']>[0] & { retryCount: number };

/** A connected client of a group: its events one by one, and how it ended. */
export interface Consumer {
  /** The next event that it was given. Rejects when the subscription ends first. */
  next(): Promise<Delivered>;
  /** The next so many. */
  take(count: number): Promise<Delivered[]>;
  ack(...events: Delivered[]): Promise<void>;
  nack(action: 'park' | 'retry' | 'skip' | 'stop', ...events: Delivered[]): Promise<void>;
  /** The error that ends it. */
  readonly ended: Promise<Error>;
  /** Events that were given and not taken. */
  readonly waiting: readonly Delivered[];
  leave(): Promise<void>;
}

/** Resolves when the group has confirmed the client, or rejects with what it said instead. */
export async function consumer(subscription: Subscription): Promise<Consumer> {
  const waiting: Delivered[] = [];
  let arrived = Promise.withResolvers<void>();
  const ended = new Promise<Error>((resolve) => subscription.once('error', resolve));
  subscription.on('data', (event: Delivered) => {
    waiting.push(event);
    arrived.resolve();
  });
  const failed = ended.then((error) => Promise.reject(error));
  failed.catch(() => {});
  const confirmed = new Promise<void>((resolve) => subscription.once('confirmation', resolve));
  await Promise.race([confirmed, failed]);
  const next = async (): Promise<Delivered> => {
    for (;;) {
      const event = waiting.shift();
      if (event !== undefined) return event;
      arrived = Promise.withResolvers();
      await Promise.race([arrived.promise, failed]);
    }
  };
  return {
    next,
    async take(count) {
      const taken: Delivered[] = [];
      while (taken.length < count) taken.push(await next());
      return taken;
    },
    ack: (...events) => subscription.ack(...events),
    nack: (action, ...events) => subscription.nack(action, `because of ${action}`, ...events),
    ended,
    waiting,
    leave: () => subscription.unsubscribe(),
  };
}

/** Makes a group `group` on a stream that reads it from the start. */
export async function aGroupOn(
  client: EventStoreDBClient,
  stream: string,
  changes: Partial<PersistentSubscriptionToStreamSettings> = {},
): Promise<void> {
  const settings = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: 'start', ...changes });
  await client.createPersistentSubscriptionToStream(stream, 'group', settings);
}

/** A client of the group `group` of a stream. `bufferSize`: how many events it takes at once. */
export const connected = (client: EventStoreDBClient, stream: string, bufferSize = 10): Promise<Consumer> =>
  consumer(client.subscribeToPersistentSubscriptionToStream(stream, 'group', { bufferSize }));

export const idOf = (event: Delivered): string => event.event?.id ?? '';
export const idsOf = (events: readonly Delivered[]): string[] => events.map(idOf);

/** Asks again and again until the answer is as wanted: for what the node does after it has answered. */
export async function eventually<Answer>(
  ask: () => Promise<Answer>,
  isWanted: (answer: Answer) => boolean,
): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
  }
}

const SERVICE = '/event_store.client.persistent_subscriptions.PersistentSubscriptions';

/** A connection without the published client, for what that one never sends. */
export interface RawPeer {
  /** Opens a call; its body and its answer are the caller's. */
  call(method: string): ClientHttp2Stream;
  /** Sends a body and resolves with the call's gRPC status. */
  statusOf(method: string, body: Buffer): Promise<number>;
  close(): void;
}

export function rawPeer(port: number): RawPeer {
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${port}`);
  const call = (method: string): ClientHttp2Stream =>
    session.request({
      ':method': 'POST',
      ':path': `${SERVICE}/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
  return {
    call,
    statusOf(method, body) {
      const stream = call(method);
      const status = grpcStatusOf(stream);
      stream.resume();
      stream.end(body);
      return status;
    },
    close: () => session.destroy(),
  };
}

/** The gRPC status that a call ends with. */
export function grpcStatusOf(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve) => {
    stream.on('response', (headers) => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
    });
    stream.on('trailers', (trailers) => resolve(Number(trailers['grpc-status'])));
    stream.on('error', () => {});
  });
}

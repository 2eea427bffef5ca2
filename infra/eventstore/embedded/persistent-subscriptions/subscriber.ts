import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import { limits } from '../../../../src/config/limits.ts';
import { ChunkWriter } from '../grpc/chunk-writer.ts';
import type { GrpcCall } from '../grpc/grpc-call.ts';
import { frameOf } from '../grpc/grpc-frames.ts';
import type { GroupMessage } from './group-message.ts';
import { LatencySamples } from './latency-samples.ts';

/** What a subscriber asks of its group. */
export interface SubscriberHost {
  /** The event as it goes over the wire; undefined when it cannot be read any more, which is then dealt with. */
  frameFor(message: GroupMessage, subscriber: Subscriber): Buffer | undefined;
  /** Whether the event is still out with that subscriber. */
  isOut(message: GroupMessage, subscriber: Subscriber): boolean;
}

export interface SubscriberOptions {
  readonly id: string;
  readonly bufferSize: number;
  readonly uuidForm: 'string' | 'structured';
}

/**
 * One client of a group, on the server's side. What it is to get waits here by reference, in the order of its
 * buffer's size, and is read from the log when its socket takes it.
 */
export class Subscriber {
  readonly id: string;
  readonly bufferSize: number;
  readonly uuidForm: 'string' | 'structured';
  readonly latency = new LatencySamples(limits.eventNode.latencySamplesMax);
  /** Events given to it so far. */
  totalItems = 0;
  #totalItemsMeasured = 0;
  readonly #waiting = new Set<GroupMessage>();
  #wake = Promise.withResolvers<void>();
  #ended: Error | undefined;

  constructor({ id, bufferSize, uuidForm }: SubscriberOptions) {
    this.id = id;
    this.bufferSize = bufferSize;
    this.uuidForm = uuidForm;
  }

  /** Queues an event. `host` tells which of those that wait were taken back since. */
  push(message: GroupMessage, host: SubscriberHost): void {
    this.#waiting.add(message);
    // A client that never reads gets events, loses them to the timeout, and gets others.
    if (this.#waiting.size > 2 * this.bufferSize) {
      for (const each of this.#waiting) if (!host.isOut(each, this)) this.#waiting.delete(each);
    }
    this.totalItems++;
    this.#wake.resolve();
  }

  /** Events given to it since this was asked before. */
  itemsSinceMeasured(): number {
    const since = this.totalItems - this.#totalItemsMeasured;
    this.#totalItemsMeasured = this.totalItems;
    return since;
  }

  /** Ends the client's call with an error. */
  end(error: Error): void {
    this.#ended ??= error;
    this.#wake.resolve();
  }

  /** Sends what is queued until the call is over. Throws what it was ended with. */
  async serve(
    call: Pick<GrpcCall, 'write' | 'signal'>,
    subscriptionId: string,
    host: SubscriberHost,
  ): Promise<void> {
    call.signal.addEventListener('abort', () => this.#wake.resolve(), { once: true });
    const output = new ChunkWriter(call);
    await output.add(confirmationFrame(subscriptionId));
    while (!call.signal.aborted) {
      if (this.#ended !== undefined) throw this.#ended;
      const [message] = this.#waiting;
      if (message === undefined) {
        await output.flush();
        if (this.#waiting.size === 0 && this.#ended === undefined && !call.signal.aborted) {
          await this.#wake.promise;
          this.#wake = Promise.withResolvers<void>();
        }
        continue;
      }
      this.#waiting.delete(message);
      if (!host.isOut(message, this)) continue;
      const frame = host.frameFor(message, this);
      if (frame === undefined) continue;
      const full = output.add(frame);
      if (full !== undefined) await full;
    }
  }
}

function confirmationFrame(subscriptionId: string): Buffer {
  const confirmation = new persistent.ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(subscriptionId);
  return frameOf(new persistent.ReadResp().setSubscriptionConfirmation(confirmation));
}

import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Rejection } from '../domain/decider.ts';
import type { DeviceId, UserId } from '../domain/ids.ts';
import type { ReceiptCursor, ReceiptsEvent } from '../domain/receipts/receipts-events.ts';
import {
  cursorRefusal,
  isCoveredBy,
  mergeCursors,
  nothingReceived,
} from '../domain/receipts/receipts-state.ts';
import { receiptShardCount, streams } from '../domain/streams.ts';
import { schemaVersionOf } from '../domain/upcast.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Aggregates } from './aggregates.ts';
import { bodyHashOf } from './canonical-json.ts';
import type { EventLog, NewEvent, Position } from './event-log.ts';
import { firstRefusal } from './first-refusal.ts';
import { rejected } from './outcomes.ts';
import type { Preconditions } from './preconditions.ts';
import type { AckCursor, Done, Outcome } from './requests.ts';

interface ReceiptBufferBounds {
  readonly receiptWindowMs: number;
  readonly receiptCursorsPerEvent: number;
  readonly receiptsPendingMax: number;
  readonly receiptAppendTriesMax: number;
  readonly busyRetryAfterMs: number;
  readonly preconditionReadsAtOnceMax: number;
}

export interface ReceiptBufferOptions {
  readonly eventLog: EventLog;
  readonly aggregates: Aggregates;
  readonly preconditions: Preconditions;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly bounds: ReceiptBufferBounds;
}

interface Waiting {
  readonly cursors: readonly ReceiptCursor[];
  readonly answer: (outcome: Outcome<Done>) => void;
}

/**
 * Gathers acknowledgements over users, conversations and time before they become events: most acknowledgements
 * are overtaken by the next ones at once. They are cumulative and merging takes the greater, so that an append
 * needs no expected revision, and one of unknown fate may simply be made again.
 */
export class ReceiptBuffer {
  readonly #options: ReceiptBufferOptions;
  readonly #shards = new Map<number, Waiting[]>();
  readonly #flushing = new Set<Promise<void>>();
  #pending = 0;

  constructor(options: ReceiptBufferOptions) {
    this.#options = options;
  }

  /** Checks a device's cursors and makes them durable. Throws `EventLogUnavailable` while checking. */
  async advance(userId: UserId, deviceId: DeviceId, cursors: readonly AckCursor[]): Promise<Outcome<Done>> {
    const { bounds, eventLog } = this.#options;
    if (this.#pending + cursors.length > bounds.receiptsPendingMax) return this.#busy();
    this.#pending += cursors.length;
    try {
      const refusal = await firstRefusal(cursors, bounds.preconditionReadsAtOnceMax, (cursor) =>
        this.#refusal(userId, cursor),
      );
      if (refusal !== undefined) return rejected(refusal);
      // Nothing is kept of a cursor that says nothing: a client could name any number of empty conversations.
      const telling = cursors.filter((cursor) => !isCoveredBy(cursor, nothingReceived));
      if (telling.length === 0) return { kind: 'accepted', answer: {}, position: await eventLog.head() };
      return await this.#enqueue(
        userId,
        mergeCursors(telling.map((cursor) => ({ userId, deviceId, ...cursor }))),
      );
    } finally {
      this.#pending -= cursors.length;
    }
  }

  /** Writes what is waiting, and resolves when all of it has its answer. */
  async drain(): Promise<void> {
    for (const shard of [...this.#shards.keys()]) this.#flush(shard);
    await Promise.all(this.#flushing);
  }

  async #refusal(userId: UserId, cursor: AckCursor): Promise<Rejection | undefined> {
    const { aggregates, preconditions } = this.#options;
    const { conversationId } = cursor;
    const outside = await preconditions.participant(conversationId, userId);
    if (outside !== undefined) return outside;
    const stream = streams.conversation(conversationId);
    const known = await aggregates.conversation.load(stream, { maxAgeMs: Number.POSITIVE_INFINITY });
    if (cursorRefusal(cursor, known.revision + 1) === undefined) return undefined;
    // Heads only grow: what an old one allows is allowed, and only a refusal needs a newer one.
    const newest = await aggregates.conversation.load(stream, { maxAgeMs: 0 });
    return cursorRefusal(cursor, newest.revision + 1);
  }

  #enqueue(userId: UserId, cursors: readonly ReceiptCursor[]): Promise<Outcome<Done>> {
    const { bounds, runtime } = this.#options;
    const shard = receiptShardOf(userId);
    return new Promise((answer) => {
      let waiting = this.#shards.get(shard);
      if (waiting === undefined) {
        waiting = [];
        this.#shards.set(shard, waiting);
        const gathered = waiting;
        runtime.timers.after(bounds.receiptWindowMs, () => {
          // A full window has been flushed already, and another may have begun.
          if (this.#shards.get(shard) === gathered) this.#flush(shard);
        });
      }
      waiting.push({ cursors, answer });
      const gatheredCursors = waiting.reduce((sum, one) => sum + one.cursors.length, 0);
      if (gatheredCursors >= bounds.receiptCursorsPerEvent) this.#flush(shard);
    });
  }

  #flush(shard: number): void {
    const waiting = this.#shards.get(shard);
    if (waiting === undefined) return;
    this.#shards.delete(shard);
    const flushing = this.#write(shard, waiting).finally(() => this.#flushing.delete(flushing));
    this.#flushing.add(flushing);
  }

  async #write(shard: number, waiting: readonly Waiting[]): Promise<void> {
    const { logger } = this.#options;
    let outcome: Outcome<Done> = { kind: 'unknown' };
    try {
      const position = await this.#append(shard, mergeCursors(waiting.flatMap(({ cursors }) => cursors)));
      if (position !== undefined) outcome = { kind: 'accepted', answer: {}, position };
    } catch (error) {
      logger.error({ err: error, shard }, 'receipts could not be written');
    }
    for (const { answer } of waiting) answer(outcome);
  }

  async #append(shard: number, cursors: readonly ReceiptCursor[]): Promise<Position | undefined> {
    const { eventLog, bounds } = this.#options;
    const events: NewEvent[] = [];
    for (let first = 0; first < cursors.length; first += bounds.receiptCursorsPerEvent) {
      events.push(this.#event({ cursors: cursors.slice(first, first + bounds.receiptCursorsPerEvent) }));
    }
    for (let tries = 1; tries <= bounds.receiptAppendTriesMax; tries += 1) {
      const result = await eventLog.append(streams.receipts(shard), 'any', events);
      if (result.kind === 'appended') return result.position;
    }
    return undefined;
  }

  #event(data: ReceiptsEvent['data']): NewEvent {
    const { runtime } = this.#options;
    const commandId = runtime.ids.next();
    return {
      id: runtime.ids.next(),
      type: 'ReceiptsAdvanced',
      data,
      metadata: {
        $correlationId: commandId,
        $causationId: commandId,
        actor: 'system:receipts',
        commandId,
        bodyHash: bodyHashOf(data),
        timeMs: runtime.clock.nowMs(),
        schemaVersion: schemaVersionOf('ReceiptsAdvanced'),
      },
    };
  }

  #busy(): Outcome<never> {
    return { kind: 'busy', retryAfterMs: this.#options.bounds.busyRetryAfterMs };
  }
}

/** Where a user's receipts are. Fixed for the life of a log. */
function receiptShardOf(userId: UserId): number {
  return createHash('sha256').update(userId).digest().readUInt32BE(0) % receiptShardCount;
}

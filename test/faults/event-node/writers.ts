import { randomUUID } from 'node:crypto';
import type { EventStoreDBClient } from '@eventstore/db-client';
import type { AppendAttempt, Attempts, Expected } from './attempts.ts';
import { sendAppend, sendEnd } from './send.ts';

/** A fraction from 0 to 1, the next of a seeded sequence. */
export type Fraction = () => number;

export interface WritersOptions {
  readonly client: EventStoreDBClient;
  readonly count: number;
  /** Begins the names of the streams that these writers use. */
  readonly prefix: string;
  readonly fraction: Fraction;
  readonly attempts: Attempts;
  /** Called at every acknowledgement. */
  readonly acknowledged: () => void;
}

/**
 * Clients that write without a pause: single events and several, with exact revisions and any, to streams of
 * their own and to shared ones; they delete streams and begin them again, end some for good, and send some appends
 * twice. Resolves when each has met its first call without an answer. Rejects when an answer is wrong.
 */
export async function runWriters(options: WritersOptions): Promise<void> {
  const contended: Contended = { stream: options.prefix + CONTENDED, revision: -1 };
  await Promise.all(
    Array.from({ length: options.count }, (_, index) => runWriter(options, contended, index)),
  );
}

/** Ends the name of the stream that all write to with an exact revision. */
export const CONTENDED = '-contended';

/** That stream, and the last revision that any of them knows of. */
interface Contended {
  readonly stream: string;
  revision: number;
}

/** A call had no answer: its writer stops. */
class Unanswered extends Error {}

async function runWriter(options: WritersOptions, contended: Contended, index: number): Promise<void> {
  const { prefix, fraction } = options;
  try {
    for (let generation = 0; ; generation++) {
      const own = new OwnStream(options, `${prefix}-own-${index}-${generation}`);
      while (!own.ended) {
        const dice = fraction();
        if (dice < 0.55) await own.append();
        else if (dice < 0.65) await append(options, `${prefix}-any`, 'any', 2);
        else if (dice < 0.75) await contend(options, contended);
        else if (dice < 0.85) await own.resend();
        else if (dice < 0.95) await own.delete();
        else await own.end();
      }
    }
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
  }
}

/** A stream that one writer alone writes to, which therefore knows every answer beforehand. */
class OwnStream {
  readonly #options: WritersOptions;
  readonly #stream: string;
  #revision = -1;
  #deleted = false;
  /** The last append, while a resend of it must answer the same. */
  #last: AppendAttempt | undefined;
  ended = false;

  constructor(options: WritersOptions, stream: string) {
    this.#options = options;
    this.#stream = stream;
  }

  async append(): Promise<void> {
    const { fraction } = this.#options;
    const exact: Expected = this.#revision < 0 ? 'no-stream' : this.#revision;
    const beginAgain: Expected = fraction() < 0.5 ? 'no-stream' : exact;
    const expected = fraction() < 0.2 ? 'any' : this.#deleted ? beginAgain : exact;
    const count = fraction() < 0.5 ? 1 : 1 + Math.floor(fraction() * 5);
    const attempt = await append(this.#options, this.#stream, expected, count);
    const { outcome } = attempt;
    if (outcome.kind !== 'appended' || outcome.revision !== this.#revision + count) {
      throw new Error(`${this.#stream} at ${this.#revision}: ${JSON.stringify(attempt)}`);
    }
    this.#revision = outcome.revision;
    // A stream that begins again knows nothing of having begun so before.
    this.#last = this.#deleted && expected === 'no-stream' ? undefined : attempt;
    this.#deleted = false;
  }

  async resend(): Promise<void> {
    if (this.#last === undefined) return;
    const { client, acknowledged } = this.#options;
    const outcome = await sendAppend(client, this.#last);
    if (outcome.kind === 'unknown') throw new Unanswered();
    acknowledged();
    if (JSON.stringify(outcome) !== JSON.stringify(this.#last.outcome)) {
      throw new Error(`sent again: ${JSON.stringify(outcome)}, before: ${JSON.stringify(this.#last)}`);
    }
  }

  async delete(): Promise<void> {
    if (this.#revision < 0 || this.#deleted) return;
    await this.#finish('delete');
    this.#deleted = true;
  }

  async end(): Promise<void> {
    await this.#finish('tombstone');
    this.ended = true;
  }

  async #finish(kind: 'delete' | 'tombstone'): Promise<void> {
    const { client, attempts, acknowledged } = this.#options;
    const attempt = { kind, stream: this.#stream, position: undefined as number | undefined };
    attempts.ends.push(attempt);
    attempt.position = await sendEnd(client, attempt);
    if (attempt.position === undefined) throw new Unanswered();
    this.#last = undefined;
    acknowledged();
  }
}

async function contend(options: WritersOptions, contended: Contended): Promise<void> {
  const { stream, revision } = contended;
  const { outcome } = await append(options, stream, revision < 0 ? 'no-stream' : revision, 1);
  if (outcome.kind === 'appended') contended.revision = Math.max(contended.revision, outcome.revision);
}

/** Appends fresh events, and notes the attempt before it is made. Throws `Unanswered`. */
async function append(
  { client, attempts, acknowledged }: WritersOptions,
  stream: string,
  expected: Expected,
  count: number,
): Promise<AppendAttempt> {
  const ids = Array.from({ length: count }, () => randomUUID() as string);
  const attempt: AppendAttempt = { stream, expected, ids, outcome: { kind: 'unknown' } };
  attempts.appends.push(attempt);
  attempt.outcome = await sendAppend(client, attempt);
  if (attempt.outcome.kind === 'unknown') throw new Unanswered();
  acknowledged();
  return attempt;
}

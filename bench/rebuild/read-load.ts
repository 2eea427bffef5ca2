import type pg from 'pg';
import type { ConversationId, UserId } from '../../src/domain/ids.ts';
import { friendsPage } from '../../src/projections/queries/friend-queries.ts';
import { inboxPage } from '../../src/projections/queries/inbox-queries.ts';
import { messagesPage } from '../../src/projections/queries/message-queries.ts';
import { walletStatementPage } from '../../src/projections/queries/wallet-queries.ts';
import { type SeededRandom, seededRandom } from '../world/seeded-random.ts';

/** Reads begin at this rate, however long the last ones take: a slow one must not hide those that wait behind it. */
const readsPerSecond = 50;

interface Chat {
  readonly user: UserId;
  readonly conversation: ConversationId;
}

/** What a gateway's clients ask for: an inbox, the newest messages of a chat, friends, a statement. */
export class ReadLoad {
  readonly #pool: pg.Pool;
  readonly #random: SeededRandom = seededRandom(7);
  readonly #chats: readonly Chat[];

  private constructor(pool: pg.Pool, chats: readonly Chat[]) {
    this.#pool = pool;
    this.#chats = chats;
  }

  /** Reads by users that the tables have. */
  static async open(pool: pg.Pool): Promise<ReadLoad> {
    const { rows } = await pool.query<Chat>(
      'select user_id as user, conversation_id as conversation from read.direct_conversation limit 1000',
    );
    return new ReadLoad(pool, rows);
  }

  /** Reads until `done` has settled. Answers each read's time, ms, from when it was due. */
  async during(done: Promise<unknown>): Promise<number[]> {
    const latencies: number[] = [];
    const reads: Promise<void>[] = [];
    let isDone = false;
    const end = (): void => {
      isDone = true;
    };
    done.then(end, end);
    const startedMs = performance.now();
    for (let number = 0; !isDone; number++) {
      const dueMs = startedMs + (number * 1_000) / readsPerSecond;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
      reads.push(
        this.#read(number).then(() => {
          latencies.push(performance.now() - dueMs);
        }),
      );
    }
    await Promise.all(reads);
    return latencies;
  }

  async #read(number: number): Promise<void> {
    const { user, conversation } = this.#random.of(this.#chats);
    const reads = [
      () => inboxPage(this.#pool, user),
      () => messagesPage(this.#pool, user, conversation),
      () => friendsPage(this.#pool, user),
      () => walletStatementPage(this.#pool, user),
    ];
    await reads[number % reads.length]?.();
  }
}

import type { Logger } from 'pino';
import type { Runtime } from '../../../../src/runtime/runtime.ts';
import type { EventStore } from '../storage/event-store.ts';

/** Gives disk space back: removes for good what deletions, ages and counts have put out of every reader's sight. */
export interface Scavenger {
  /** Begins one. While one runs there is no second: the answer is that one's id. */
  start(): { readonly id: string; readonly result: 'started' | 'in-progress' };
  /** Ends the one that runs, with what it has done so far kept. `not-found`: there is none of this id. */
  stop(id: string): Promise<'stopped' | 'not-found'>;
}

interface Run {
  readonly id: string;
  readonly stopping: AbortController;
  readonly ended: Promise<void>;
}

/** The scavenger of a node. `close` ends what it does, and it begins nothing more. */
export function createScavenger(
  store: EventStore,
  { ids, timers }: Pick<Runtime, 'ids' | 'timers'>,
  logger: Logger,
): Scavenger & { close(): Promise<void> } {
  let running: Run | undefined;
  const closed = new AbortController();

  async function run(id: string, signal: AbortSignal): Promise<void> {
    logger.info({ id }, 'a scavenge begins');
    try {
      const result = await store.scavenge(signal, () => timers.sleep(0));
      logger.info({ id, ...result, stopped: signal.aborted }, 'a scavenge has ended');
    } catch (error) {
      // What it has removed by then stays removed; the next one goes on.
      logger.error({ err: error, id }, 'a scavenge failed');
    } finally {
      running = undefined;
    }
  }

  async function end({ stopping, ended }: Run): Promise<void> {
    stopping.abort();
    await ended;
  }

  return {
    start() {
      if (running !== undefined) return { id: running.id, result: 'in-progress' };
      const id = ids.next();
      const stopping = new AbortController();
      const signal = AbortSignal.any([stopping.signal, closed.signal]);
      running = { id, stopping, ended: run(id, signal) };
      return { id, result: 'started' };
    },
    async stop(id) {
      if (running?.id !== id) return 'not-found';
      await end(running);
      return 'stopped';
    },
    async close() {
      closed.abort();
      if (running !== undefined) await end(running);
    },
  };
}

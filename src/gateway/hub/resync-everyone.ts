import type { Logger } from 'pino';
import { limits } from '../../config/limits.ts';
import type { Runtime, TimerHandle } from '../../runtime/runtime.ts';
import type { Connection } from '../socket/connection.ts';
import { resyncAllFrame } from '../socket/encode-frame.ts';
import type { Hub } from './hub.ts';

export interface ResyncEveryoneOptions {
  readonly hub: Hub;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly push: (connection: Connection, frame: Buffer) => void;
}

interface Wanted {
  readonly reason: string;
  readonly ready: Promise<void>;
}

/**
 * Tells every connection to resync, at random moments of a short while, so that not all read at once. What is
 * lost in that while costs one more resync of everyone after it, however often something is.
 */
export class ResyncEveryone {
  readonly #options: ResyncEveryoneOptions;
  readonly #timers = new Set<TimerHandle>();
  #isUnderWay = false;
  #isStopped = false;
  /** Why there must be another one after the one under way. */
  #again: Wanted | undefined;

  constructor(options: ResyncEveryoneOptions) {
    this.#options = options;
  }

  /** Begins once `ready` has resolved: what clients then read, and are pushed, is right. */
  ask(reason: string, ready: Promise<void> = Promise.resolve()): void {
    if (this.#isUnderWay) {
      this.#again = { reason, ready };
      return;
    }
    this.#isUnderWay = true;
    void ready.then(() => this.#spread(reason));
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #spread(reason: string): void {
    if (this.#isStopped) return;
    const { hub, runtime, logger, push } = this.#options;
    logger.warn({ reason, connections: hub.connectionCount }, 'telling every client to resync');
    const slices: Connection[][] = [];
    for (const connection of hub.connections()) {
      const index = Math.floor(runtime.random.fraction() * sliceCount);
      const slice = slices[index];
      if (slice === undefined) slices[index] = [connection];
      else slice.push(connection);
    }
    slices.forEach((slice, index) => {
      const timer = runtime.timers.after((index * limits.gateway.resyncSpreadMs) / sliceCount, () => {
        this.#timers.delete(timer);
        for (const connection of slice) push(connection, resyncAllFrame);
        if (this.#timers.size === 0) this.#ended();
      });
      this.#timers.add(timer);
    });
    if (this.#timers.size === 0) this.#ended();
  }

  #ended(): void {
    this.#isUnderWay = false;
    const again = this.#again;
    this.#again = undefined;
    if (again !== undefined) this.ask(again.reason, again.ready);
  }
}

const sliceCount = 20;

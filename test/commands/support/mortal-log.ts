import type { EventLog } from '../../../src/commands/event-log.ts';
import { SimulatedCrash } from '../../support/in-memory-event-log.ts';

/**
 * One process's connection to the log. When an append "crashes" the process, nothing of that process happens any
 * more: that append and every later call never settle, as for the dead.
 */
export class MortalLog {
  readonly log: EventLog;
  dead = false;
  readonly died: Promise<void>;
  #die: () => void;

  constructor(log: EventLog) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.died = promise;
    this.#die = resolve;
    const never = new Promise<never>(() => undefined);
    const self = this;
    this.log = {
      async append(stream, expected, events) {
        if (self.dead) return never;
        try {
          return await log.append(stream, expected, events);
        } catch (error) {
          if (!(error instanceof SimulatedCrash)) throw error;
          self.kill();
          return never;
        }
      },
      async *readStream(stream, options) {
        if (self.dead) await never;
        yield* log.readStream(stream, options);
      },
      async *readAll(options) {
        if (self.dead) await never;
        yield* log.readAll(options);
      },
      subscribe: (options) => {
        const subscription = log.subscribe(options);
        void self.died.then(() => subscription.close());
        return subscription;
      },
      head: () => (self.dead ? never : log.head()),
      close: async () => undefined,
    };
  }

  kill(): void {
    this.dead = true;
    this.#die();
  }
}

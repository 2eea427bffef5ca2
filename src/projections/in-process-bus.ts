import type { Logger } from 'pino';
import type { BusMessage, ChangeBus } from './bus.ts';

/** The bus of a single process: every handler is called in turn, inside `publish`. Loses nothing. */
export function inProcessBus(logger: Logger): ChangeBus {
  const handlers = new Set<(message: BusMessage) => void>();
  return {
    publish(message) {
      for (const handler of handlers) {
        try {
          handler(message);
        } catch (error) {
          logger.error({ err: error, kind: message.kind }, 'a bus subscriber failed');
        }
      }
    },
    subscribe(handler) {
      // Wrapped, so that one function subscribed twice is two subscriptions.
      const own = (message: BusMessage): void => handler(message);
      handlers.add(own);
      return () => {
        handlers.delete(own);
      };
    },
    async close() {
      handlers.clear();
    },
  };
}

import type { Logger } from 'pino';
import { limits } from '../../src/config/limits.ts';
import type { BusMessage, ChangeBus } from '../../src/projections/bus.ts';
import { decodeBusMessage, encodeBusMessage } from '../../src/projections/bus-codec.ts';
import { inProcessBus } from '../../src/projections/in-process-bus.ts';
import { asBusLine, type BusLine } from './bus-line.ts';

/** A child's channel to its supervisor: the child's `process`. */
export interface SupervisorChannel {
  send(line: BusLine, done: (error: Error | null) => void): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  off(event: 'message', listener: (message: unknown) => void): unknown;
}

export interface SupervisorBus extends ChangeBus {
  /** Messages that could not be sent. Their receivers find the gap. */
  readonly dropped: number;
}

/**
 * The bus between the processes of one `hongbao up`: over the channel that each child has to its supervisor anyway,
 * which passes messages on to the children that hear it (supervisor.ts). It needs no port, no file and no password,
 * and goes with the processes. A process hears its own messages at once.
 *
 * Beside it stood PostgreSQL's NOTIFY: it takes 8,000 bytes, which a batch of messages exceeds, and makes all commits
 * of the database that notify wait for one lock.
 */
export function createSupervisorBus(channel: SupervisorChannel, logger: Logger): SupervisorBus {
  const local = inProcessBus(logger);
  let waiting = 0;
  let dropped = 0;

  const drop = (): void => {
    dropped += 1;
    // One line per power of two: an outage must not flood the log.
    if (Number.isInteger(Math.log2(dropped))) logger.warn({ dropped }, 'bus messages were dropped');
  };
  const receive = (message: unknown): void => {
    const line = asBusLine(message);
    if (line === undefined) return;
    try {
      local.publish(decodeBusMessage(line.bus));
    } catch (error) {
      logger.warn({ err: error }, 'got something on the bus that is no message');
    }
  };
  channel.on('message', receive);

  return {
    get dropped() {
      return dropped;
    },
    publish(message: BusMessage) {
      local.publish(message);
      const bus = encodeBusMessage(message);
      const isTooLarge = Buffer.byteLength(bus) > limits.bus.messageBytesMax;
      if (isTooLarge || waiting >= limits.bus.queuedMessagesMax) return drop();
      waiting += 1;
      channel.send({ bus }, (error) => {
        waiting -= 1;
        if (error !== null) drop();
      });
    },
    subscribe: (handler) => local.subscribe(handler),
    async close() {
      channel.off('message', receive);
      await local.close();
    },
  };
}

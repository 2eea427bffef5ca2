import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { limits } from '../../src/config/limits.ts';

/**
 * The connection over which gateways count request rates together. It gives up at once when Redis is away, and
 * soon when Redis is there but does not answer: a request is then served uncounted rather than kept waiting.
 */
export function createRateLimitRedis(url: string, logger: Logger): Redis {
  const connection = new Redis(url, {
    connectTimeout: limits.bus.connectTimeoutMs,
    commandTimeout: limits.gateway.rateLimitAnswerMs,
    // A stalled server would cost every request that time: without the connection, they do not wait at all.
    socketTimeout: limits.gateway.rateLimitStallMs,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
  });
  // The message alone: an error that answers a command holds the command, a refused password with it.
  connection.on('error', ({ message }: Error) =>
    logger.warn({ why: message }, 'rates are not counted: no Redis'),
  );
  return connection;
}

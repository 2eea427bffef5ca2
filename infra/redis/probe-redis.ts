import { Redis } from 'ioredis';
import { limits } from '../../src/config/limits.ts';

/** Asks a Redis once what version it is. Rejects when it does not answer, or refuses us. */
export async function probeRedis(url: string): Promise<string> {
  const connection = new Redis(url, {
    lazyConnect: true,
    connectTimeout: limits.bus.connectTimeoutMs,
    commandTimeout: limits.bus.answerMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let failure: Error | undefined;
  // What went wrong with the connection; the promise says only that there is none.
  connection.on('error', (error: Error) => {
    failure = error;
  });
  try {
    await connection.connect();
    const about = await connection.info('server');
    return /^redis_version:(\S+)/m.exec(about)?.[1] ?? 'of unknown version';
  } catch (error) {
    // The message alone: an error that answers a command holds the command, a refused password with it.
    throw new Error((failure ?? (error as Error)).message || 'the connection failed');
  } finally {
    connection.disconnect();
  }
}

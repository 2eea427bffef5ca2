import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createRateLimitRedis } from '../../../infra/redis/rate-limit-redis.ts';
import { createRedisBus } from '../../../infra/redis/redis-bus.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';

describe('a password that Redis refuses', () => {
  it.each([
    [
      'the bus',
      (url: string, logger: pino.Logger) => {
        const bus = createRedisBus({ url, logger, timers: systemRuntime().timers });
        return () => bus.close();
      },
    ],
    [
      'the counter of rates',
      (url: string, logger: pino.Logger) => {
        const connection = createRateLimitRedis(url, logger);
        return () => connection.disconnect();
      },
    ],
  ])('is not written to the log by %s', async (_who, connect) => {
    // Refuses every command: each begins with `*`.
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        const commands = bytes.toString().match(/^\*/gm)?.length ?? 0;
        socket.write('-WRONGPASS invalid username-password pair\r\n'.repeat(commands));
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const logged = Promise.withResolvers<string>();
    const logger = pino({ level: 'trace' }, { write: logged.resolve });
    const { port } = server.address() as AddressInfo;
    const close = connect(`redis://:s3cretpw@127.0.0.1:${port}`, logger);

    const line = await logged.promise;
    expect(line).toContain('WRONGPASS');
    expect(line).not.toContain('s3cretpw');
    await close();
    await new Promise((resolve) => server.close(resolve));
  });
});

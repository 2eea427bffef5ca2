import { randomBytes } from 'node:crypto';
import { type Client, createClient } from '../../src/client/index.ts';
import { inParallel } from './in-parallel.ts';

/** Hashing a password takes all of a core, and the server does two at a time. */
const registrationsAtOnce = 4;

/** Registers `count` users with fresh names. Nobody is connected. */
export async function registerCrowd(url: string, count: number): Promise<Client[]> {
  return inParallel(count, registrationsAtOnce, async (index) => {
    const client = createClient({ url, deviceName: 'bench' });
    await client.register({
      username: `bench-${randomBytes(8).toString('hex')}`,
      password: randomBytes(12).toString('base64url'),
      nickname: `Bench ${index}`,
    });
    return client;
  });
}

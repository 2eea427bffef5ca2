import { createServer } from 'node:net';
import { limits } from '../../src/config/limits.ts';
import { OperatorError } from '../../src/config/operator-error.ts';
import type { RandomSource } from '../../src/runtime/runtime.ts';

/**
 * Whether a server could listen on `port` of `host` right now. Throws what `listen` throws for anything but a
 * port that is taken (an address that this machine has not, a privileged port).
 */
export function portIsFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * A free loopback port that a child can be given again and again.
 *
 * Not `listen(0)`: that draws from the range of outgoing connections. While the child is down, a client of
 * ours that dials the port could then be given that very port as its own source port, connect to itself, and
 * keep the child from ever listening there again. Ports below that range cannot be taken in this way.
 */
export async function freeLoopbackPort(random: RandomSource): Promise<number> {
  const { loopbackPortMin, loopbackPortMax, loopbackPortTries } = limits.supervisor;
  for (let attempt = 0; attempt < loopbackPortTries; attempt += 1) {
    const port = loopbackPortMin + Math.floor(random.fraction() * (loopbackPortMax - loopbackPortMin));
    if (await portIsFree(port, '127.0.0.1')) return port;
  }
  throw new OperatorError(
    `Found no free port on 127.0.0.1 in ${loopbackPortTries} tries between ${loopbackPortMin} and ${loopbackPortMax}.`,
  );
}

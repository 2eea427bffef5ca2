import { existsSync, readFileSync } from 'node:fs';
import type { RandomSource } from '../../src/runtime/runtime.ts';
import { freeLoopbackPort, portIsFree } from './loopback-port.ts';
import { writeFileAtomically } from './write-file-atomically.ts';

/**
 * The loopback port of each embedded engine, by name, kept in `file`: the same at every start, as long as
 * nobody else has taken it, and fixed from then on, so that clients find a restarted engine where it was.
 */
export async function keptPorts<Name extends string>(
  file: string,
  names: readonly Name[],
  random: RandomSource,
): Promise<Record<Name, number>> {
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>) : {};
  const ports = { ...kept };
  for (const name of names) {
    const port = kept[name];
    const usable = port !== undefined && (await portIsFree(port, '127.0.0.1'));
    ports[name] = usable ? port : await unusedPort(Object.values(ports), random);
  }
  writeFileAtomically(file, `${JSON.stringify(ports)}\n`, 0o600);
  return ports as Record<Name, number>;
}

async function unusedPort(others: readonly number[], random: RandomSource): Promise<number> {
  for (;;) {
    const port = await freeLoopbackPort(random);
    if (!others.includes(port)) return port;
  }
}

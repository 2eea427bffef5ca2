import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { limits } from '../../../src/config/limits.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { type ChildCommand, startChild } from '../../supervisor/child.ts';

export interface KeeperOptions {
  readonly folder: string;
  readonly port?: number;
  readonly durable?: boolean;
}

export interface Keeper {
  readonly pid: number;
  /** Role `hongbao` on its database. */
  readonly url: string;
  /** Role `postgres`, a superuser. */
  readonly adminUrl: string;
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** The command that keeps one embedded PostgreSQL (see keeper.ts). */
export function keeperCommand({ folder, port, durable = true }: KeeperOptions): ChildCommand {
  return {
    name: 'postgres',
    file: fileURLToPath(new URL('keeper.ts', import.meta.url)),
    args: [
      ...['--folder', folder],
      ...(port === undefined ? [] : ['--port', String(port)]),
      ...(durable ? [] : ['--volatile']),
    ],
  };
}

/**
 * Starts an embedded PostgreSQL that ends with this process, for those who need one without a supervisor:
 * tests and tools. Resolves when it answers queries.
 */
export async function startKeeper(options: KeeperOptions): Promise<Keeper> {
  const child = startChild(keeperCommand(options), {
    runtime: systemRuntime(),
    logger: pino({ level: 'silent' }),
    stderr: 'ignore',
  });
  try {
    const { listening, details } = await child.ready;
    return {
      pid: child.pid,
      url: listening,
      adminUrl: details.adminUrl ?? listening,
      ended: child.ended,
      stop: () => child.stop(limits.supervisor.childStopMs),
    };
  } catch (error) {
    await child.stop(limits.supervisor.childStopMs);
    throw error;
  }
}

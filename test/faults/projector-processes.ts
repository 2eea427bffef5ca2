import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { type Child, startChild } from '../../infra/supervisor/child.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';

/** Where a projector finds its log and its rows. */
export interface ProjectorEngines {
  readonly databaseUrl: string;
  readonly esdbUrl: string;
}

/** An application process with the role projector only, on these engines. Resolves when it serves its health. */
export async function startProjector({ databaseUrl, esdbUrl }: ProjectorEngines): Promise<Child> {
  const child = startChild(
    {
      name: 'projector',
      file: fileURLToPath(new URL('../../src/cli/app-process.ts', import.meta.url)),
      args: [],
      env: {
        HONGBAO_ROLES: 'projector',
        HONGBAO_PORT: '0',
        HONGBAO_MASTER_KEY: '00'.repeat(32),
        HONGBAO_LOG_LEVEL: 'silent',
        DATABASE_URL: databaseUrl,
        ESDB_URL: esdbUrl,
      },
    },
    { runtime: systemRuntime(), logger: pino({ level: 'silent' }), stderr: 'ignore' },
  );
  await child.ready;
  return child;
}

/** kill -9. Resolves when it is gone. */
export async function killedChild(child: Child): Promise<void> {
  process.kill(child.pid, 'SIGKILL');
  await child.ended;
}

export interface RebuildProcess {
  /** Resolves when the rebuild is in its swap, or over. */
  readonly swapping: Promise<unknown>;
  /** kill -9, if it is not over yet. Resolves when it is gone. */
  kill(): Promise<void>;
}

/** A rebuild in a process of its own (see fixtures/rebuild-process.ts). */
export function startRebuild(
  names: readonly string[],
  { databaseUrl, esdbUrl }: ProjectorEngines,
): RebuildProcess {
  const child: ChildProcess = fork(
    fileURLToPath(new URL('fixtures/rebuild-process.ts', import.meta.url)),
    [...names],
    { env: { ...process.env, DATABASE_URL: databaseUrl, ESDB_URL: esdbUrl }, execArgv: [], stdio: 'ignore' },
  );
  // `ignore` is for its three streams; the channel over which it tells its phases stays.
  const exited = once(child, 'exit');
  const swapping = new Promise<void>((resolve) => {
    child.on('message', (phase) => {
      if (phase === 'swap') resolve();
    });
    child.once('exit', () => resolve());
  });
  return {
    swapping,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeCluster } from '../../infra/postgres/embedded/placement.ts';
import { type SpawnedServer, spawnServer } from '../../src/cli/spawn-server.ts';
import type { Settings } from '../../src/config/settings.ts';
import { loadSettings } from '../../src/config/settings.ts';

/** A data folder of a bench's own, and servers on it, one after another. */
export interface BenchData {
  readonly folder: string;
  /** For the CLI's own functions, which find the running server by its data folder. */
  readonly settings: Settings;
  /** The whole of hongbao on this data, as `npm start` runs it. */
  start(env?: Readonly<Record<string, string>>): Promise<SpawnedServer>;
  /** Removes the data. Every server on it has been stopped. */
  remove(): void;
}

export function benchData(): BenchData {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-bench-'));
  // PostgreSQL may have to run as another user, who has to get here.
  chmodSync(folder, 0o711);
  const data = { HONGBAO_DATA: join(folder, 'data'), HONGBAO_LOG_LEVEL: 'warn', HONGBAO_PORT: '0' };
  return {
    folder,
    settings: loadSettings(data),
    start: (env = {}) => spawnServer({ ...data, ...env }),
    remove() {
      removeCluster(join(data.HONGBAO_DATA, 'postgres'));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

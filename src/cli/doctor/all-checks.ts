import type { Check } from './check.ts';
import { certificatesCheck } from './checks/certificates.ts';
import { clockCheck } from './checks/clock.ts';
import { dataFolderCheck } from './checks/data-folder.ts';
import { databaseCheck } from './checks/database.ts';
import { diskCheck } from './checks/disk.ts';
import { eventStoreCheck } from './checks/event-store.ts';
import { fileDescriptorsCheck } from './checks/file-descriptors.ts';
import { memoryCheck } from './checks/memory.ts';
import { migrationsCheck } from './checks/migrations.ts';
import { packagesCheck } from './checks/packages.ts';
import { portsCheck } from './checks/ports.ts';
import { projectionsCheck } from './checks/projections.ts';
import { redisCheck } from './checks/redis.ts';
import { schedulerCheck } from './checks/scheduler.ts';
import { serverCheck } from './checks/server.ts';
import { settingsCheck } from './checks/settings.ts';
import { vaultCheck } from './checks/vault.ts';
import { versionsCheck } from './checks/versions.ts';

/** All that `hongbao doctor` looks at, in the order in which it tells of it. */
export const allChecks: readonly Check[] = [
  versionsCheck,
  packagesCheck,
  settingsCheck,
  dataFolderCheck,
  diskCheck(),
  serverCheck,
  portsCheck,
  fileDescriptorsCheck,
  memoryCheck,
  clockCheck,
  eventStoreCheck,
  databaseCheck,
  migrationsCheck,
  redisCheck,
  projectionsCheck,
  schedulerCheck,
  vaultCheck,
  certificatesCheck,
];

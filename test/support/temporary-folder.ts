import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A fresh folder under the system's one for temporary files, for the caller to remove.
 *
 * Others may pass through it (not list it), since the tests may run as root and PostgreSQL as another user:
 * with `mkdtemp`'s 0700 every test cluster would take the detour of a folder that its user cannot reach.
 */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-test-'));
  chmodSync(folder, 0o711);
  return folder;
}

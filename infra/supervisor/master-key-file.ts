import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../../src/config/operator-error.ts';
import type { Settings } from '../../src/config/settings.ts';
import type { RandomSource } from '../../src/runtime/runtime.ts';
import { writeFileAtomically } from './write-file-atomically.ts';

/**
 * The text of the master key: from the settings, or in development from `master.key` in the data folder, which
 * is made on the first start (mode 0600). Production's settings always have one.
 *
 * @throws Error when the two differ: what the one encrypted the other cannot read.
 */
export function masterKeyText(settings: Settings, random: RandomSource): string {
  const file = join(settings.dataFolder, 'master.key');
  const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  if (settings.masterKey !== undefined) {
    if (kept !== undefined && kept !== settings.masterKey) {
      throw new OperatorError(
        `HONGBAO_MASTER_KEY differs from the key in ${file}, which this data was written with. ` +
          'Take HONGBAO_MASTER_KEY out of the environment, or set it to the text of that file.',
      );
    }
    return settings.masterKey;
  }
  if (kept !== undefined) return kept;
  const made = Buffer.from(random.bytes(32)).toString('hex');
  writeFileAtomically(file, `${made}\n`, 0o600);
  return made;
}

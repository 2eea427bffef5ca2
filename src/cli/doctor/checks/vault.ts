import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { probeMasterKey } from '../../../../infra/postgres/probe-master-key.ts';
import type { Settings } from '../../../config/settings.ts';
import { createMasterKey, parseMasterSecrets } from '../../../vault/master-key.ts';
import type { Check } from '../check.ts';
import { type Finding, ok, problem, skipped } from '../finding.ts';
import { tableExists } from '../read-side-facts.ts';
import { skippedWithout } from '../with-engine.ts';

/** Whether the master key is the one that the vault was written with. */
export const vaultCheck: Check = {
  name: 'vault',
  async look({ settings, database, runtime }) {
    if (settings === undefined) return [skipped('The settings are wrong.')];
    const keys = masterKeys(settings);
    const { given, kept } = keys;
    if (given !== undefined && kept !== undefined && given !== kept) return [judgeVault(keys, 'nothing')];
    const reach = await database();
    if (reach.kind !== 'there') return [skippedWithout('database', reach)];
    if (!(await tableExists(reach.it, 'hongbao_vault.server_secret'))) {
      return [skipped('There is no vault yet: the first start makes it.')];
    }
    const text = given ?? kept;
    const key = text === undefined ? undefined : createMasterKey(parseMasterSecrets(text), runtime.random);
    return [judgeVault(keys, await probeMasterKey(reach.it, key))];
  },
};

/** The text of the key from the environment, and of the one that development keeps in the data folder. */
export interface MasterKeys {
  readonly given: string | undefined;
  readonly kept: string | undefined;
}

function masterKeys({ masterKey, dataFolder }: Settings): MasterKeys {
  const file = join(dataFolder, 'master.key');
  return { given: masterKey, kept: existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined };
}

/** `found`: whether a secret of the vault opens with the key; `nothing` when there is none in it. */
export function judgeVault({ given, kept }: MasterKeys, found: 'opens' | 'closed' | 'nothing'): Finding {
  if (given !== undefined && kept !== undefined && given !== kept) {
    return problem(
      'HONGBAO_MASTER_KEY differs from the key in the data folder.',
      'Take HONGBAO_MASTER_KEY out of the environment, or set it to the text of master.key there.',
    );
  }
  const hasKey = given !== undefined || kept !== undefined;
  if (found === 'nothing') {
    return ok(hasKey ? 'The vault is empty; there is a master key for it.' : 'The vault is empty.');
  }
  if (!hasKey) {
    return problem(
      'The vault has secrets, and there is no master key.',
      'Set HONGBAO_MASTER_KEY to the key that they were written with, or HONGBAO_DATA to the folder with its master.key.',
    );
  }
  if (found === 'opens') return ok('The master key opens the vault.');
  return problem(
    'The master key does not open the vault: nobody can log in, and no message can be read.',
    'Set HONGBAO_MASTER_KEY to the key that the vault was written with, all its versions. Never make a new one.',
  );
}

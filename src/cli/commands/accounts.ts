import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { masterKeyText } from '../../../infra/supervisor/master-key-file.ts';
import { changeStanding, holderOfUsername } from '../../commands/operator-accounts.ts';
import type { EventLog } from '../../commands/event-log.ts';
import { limits } from '../../config/limits.ts';
import type { Settings } from '../../config/settings.ts';
import { isUuid, type UserId } from '../../domain/ids.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { systemRuntime } from '../../runtime/system-runtime.ts';
import { createMasterKey, parseMasterSecrets } from '../../vault/master-key.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { printState } from '../replay/print-state.ts';
import { withEventLog } from '../with-event-log.ts';
import { operatorName } from './projections/operator-name.ts';
import { teller } from './projections/teller.ts';

export interface StandingOptions {
  readonly reason?: string;
  readonly json?: boolean;
}

/** `hongbao accounts show`: an account with its standing and why, as the log has it. */
export async function showAccount(settings: Settings, user: string, json: boolean): Promise<number> {
  return onLog(settings, async (log, runtime) => {
    const id = await userIdOf(settings, log, runtime, user);
    await printState(log, { kind: 'account', id }, { kind: 'now' }, json ? 'json' : 'text');
    return exitCodes.ok;
  });
}

/** `hongbao accounts freeze` and `unfreeze`. Exit code 1 when there is no such account, or it is closed. */
export async function setStanding(
  settings: Settings,
  to: 'frozen' | 'active',
  user: string,
  { reason, json }: StandingOptions,
): Promise<number> {
  const change = { to, reason: reasonOf(reason), by: operatorName() };
  const tell = teller(json === true);
  return onLog(settings, async (log, runtime) => {
    const userId = await userIdOf(settings, log, runtime, user);
    const outcome = await changeStanding({ log, runtime }, { ...change, userId });
    if (outcome.kind === 'refused') throw new CliError(outcome.rejection.message, exitCodes.found);
    const words =
      outcome.kind === 'recorded'
        ? `recorded: the account ${userId} is ${to}`
        : `the account ${userId} was ${to} before; nothing was recorded`;
    tell(words, { outcome: outcome.kind, userId, status: to });
    return exitCodes.ok;
  });
}

function onLog(
  settings: Settings,
  work: (log: EventLog, runtime: Runtime) => Promise<number>,
): Promise<number> {
  const runtime = systemRuntime();
  return withEventLog({ settings, runtime, filling: false }, (log) => work(log, runtime));
}

/** Names are in the log as keyed hashes: finding one takes the master key. */
async function userIdOf(settings: Settings, log: EventLog, runtime: Runtime, user: string): Promise<UserId> {
  if (isUuid(user)) return user as UserId;
  // Looked for here, since the server's own way of getting a key makes one where there is none.
  if (settings.masterKey === undefined && !existsSync(join(settings.dataFolder, 'master.key'))) {
    throw new CliError(
      `To find "${user}" by name takes HONGBAO_MASTER_KEY. Set it, or give the user's id.`,
      exitCodes.unavailable,
    );
  }
  const text = masterKeyText(settings, runtime.random);
  const masterKey = createMasterKey(parseMasterSecrets(text), runtime.random);
  const userId = await holderOfUsername(log, masterKey.usernameHash, user);
  if (userId === undefined) throw new CliError(`Nobody has the user name "${user}".`, exitCodes.found);
  return userId;
}

function reasonOf(text: string | undefined): string {
  const reason = text?.trim() ?? '';
  const { freezeReasonCharsMax } = limits.cli;
  if (reason !== '' && reason.length <= freezeReasonCharsMax) return reason;
  throw new CliError(`--reason takes 1 to ${freezeReasonCharsMax} characters: it stays in the log for ever.`);
}

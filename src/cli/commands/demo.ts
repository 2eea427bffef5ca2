import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeDataFolder } from '../../../infra/supervisor/remove-data-folder.ts';
import type { Settings } from '../../config/settings.ts';
import { imbalanceFen } from '../../domain/ledger/money-rules.ts';
import { systemRuntime } from '../../runtime/system-runtime.ts';
import { exitCodes } from '../cli-error.ts';
import { playStory } from '../demo/story.ts';
import { note, printLine } from '../output.ts';
import { spawnServer } from '../spawn-server.ts';
import { withLog } from '../with-log.ts';
import { auditLog } from './audit/audit-log.ts';
import { balanceLines } from './audit/text-report.ts';
import { verify } from './verify.ts';

/**
 * `hongbao demo`: plays the story on the server of the settings or, when none answers there, on one of its own
 * that is gone afterwards. Ends with the packet's verification and the ledger proof. Answers the exit code.
 */
export async function demo(settings: Settings): Promise<number> {
  const url = `http://${settings.host}:${settings.port}`;
  if (await answers(url)) return playAndProve(url, settings);

  note(`No server answers at ${url}: starting one for the demo.`);
  const dataFolder = await mkdtemp(join(tmpdir(), 'hongbao-demo-'));
  const server = await spawnServer({
    HONGBAO_DATA: dataFolder,
    HONGBAO_PORT: '0',
    HONGBAO_LOG_LEVEL: 'warn',
  });
  try {
    return await playAndProve(server.url, { ...settings, dataFolder });
  } finally {
    await server.stop();
    removeDataFolder(dataFolder);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/ready`)).ok;
  } catch {
    return false;
  }
}

async function playAndProve(url: string, settings: Settings): Promise<number> {
  const runtime = systemRuntime();
  const packetId = await playStory({ url, runtime, tell: printLine });
  return withLog(settings, async (log) => {
    printLine(`\nhongbao verify ${packetId}`);
    const verified = await verify(log, packetId, false);
    printLine('\nMoney rule 1 over the whole log, term by term:');
    const report = await auditLog(log, runtime.clock);
    for (const line of balanceLines(report.terms)) printLine(line);
    const balanced = imbalanceFen(report.terms) === 0 && report.violations.length === 0;
    printLine(balanced ? 'Every fen is accounted for.' : 'The ledger does not balance: run `hongbao audit`.');
    return verified === exitCodes.ok && balanced ? exitCodes.ok : exitCodes.found;
  });
}

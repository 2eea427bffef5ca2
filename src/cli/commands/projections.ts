import type { Settings } from '../../config/settings.ts';
import { readStoredStatus, type StoredStatus } from '../../projections/read-status.ts';
import { exitCodes } from '../cli-error.ts';
import { printLine } from '../output.ts';
import { withReadSide } from '../with-read-side.ts';

/** `hongbao projections`: where each read model is, as the database knows it. Answers 1 when one stands still. */
export async function projectionsCommand(settings: Settings, json: boolean): Promise<number> {
  return withReadSide(settings, async ({ log, pool }) => {
    const head = await log.head();
    const all = await readStoredStatus(pool);
    if (json) {
      const asText = (_key: string, value: unknown): unknown =>
        typeof value === 'bigint' ? `${value}` : value;
      printLine(JSON.stringify({ head, projections: all }, asText));
    } else {
      printLine(`The log ends at ${head}.`);
      for (const status of all) printLine(statusLine(status, head));
    }
    return all.some(({ failure }) => failure !== null) ? exitCodes.found : exitCodes.ok;
  });
}

function statusLine(
  { projection, generation, state, position, failure }: StoredStatus,
  head: bigint,
): string {
  // It may have moved on since the head was looked up.
  const behind = position < head ? `, ${head - position} behind` : '';
  const stands = failure === null ? '' : `\n    STANDS STILL (${failure.reason}): ${failure.message}`;
  return `${projection.padEnd(12)} generation ${generation}  ${state.padEnd(7)}  at ${position}${behind}${stands}`;
}

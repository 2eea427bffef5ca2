import type { EventLog } from '../../commands/event-log.ts';
import type { PacketId } from '../../domain/ids.ts';
import { isUuid } from '../../domain/ids.ts';
import { formatYuan } from '../../domain/money.ts';
import { type FairnessCheck, verifyPacket } from '../../domain/packet/fairness.ts';
import type { PacketTerms } from '../../domain/packet/packet-terms.ts';
import { streams } from '../../domain/streams.ts';
import { upcast } from '../../domain/upcast.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { printLine } from '../output.ts';

interface PacketHistory {
  readonly terms: PacketTerms;
  readonly grabs: readonly {
    readonly shareIndex: number;
    readonly amountFen: number;
    readonly userId: string;
  }[];
  /** How it ended and the seed that was revealed; `undefined` while it is open. */
  readonly end: { readonly how: string; readonly seed: string } | undefined;
}

/** Recomputes a packet's shares from its revealed seed and prints each check. Answers the exit code. */
export async function verify(log: EventLog, packetId: string, json: boolean): Promise<number> {
  if (!isUuid(packetId)) {
    throw new CliError(`"${packetId}" is not a packet id: those are UUIDs in lower case.`);
  }
  const history = await readPacket(log, packetId as PacketId);
  if (history === undefined) throw new CliError(`There is no packet ${packetId}.`, exitCodes.found);
  const { terms, grabs, end } = history;
  if (end === undefined) {
    throw new CliError(
      `Packet ${packetId} is still open: its seed is secret until it is empty or expires at ` +
        `${new Date(terms.expiresAtSecond * 1000).toISOString()}.`,
      exitCodes.unavailable,
    );
  }
  const checks = verifyPacket({ terms, grabs, seed: end.seed });
  if (json) printLine(JSON.stringify({ terms, grabs, end, checks }));
  else for (const line of verifyLines(history, end, checks)) printLine(line);
  return checks.every((check) => check.ok) ? exitCodes.ok : exitCodes.found;
}

async function readPacket(log: EventLog, packetId: PacketId): Promise<PacketHistory | undefined> {
  let terms: PacketTerms | undefined;
  let end: PacketHistory['end'];
  const grabs: PacketHistory['grabs'][number][] = [];
  for await (const recorded of log.readStream(streams.packet(packetId))) {
    const { type, data } = upcast(recorded.type, recorded.metadata.schemaVersion, recorded.data);
    if (type === 'PacketSent') terms = data;
    else if (type === 'PacketGrabbed') grabs.push(data);
    else if (type === 'PacketExhausted') end = { how: 'every share was taken', seed: data.seed };
    else if (type === 'PacketRefunded') {
      end = { how: `expired, ${formatYuan(data.amountFen)} yuan returned`, seed: data.seed };
    } else if (type === 'PacketCancelled') end = { how: `taken back: ${data.reason}`, seed: data.seed };
  }
  return terms && { terms, grabs, end };
}

function verifyLines(
  { terms, grabs }: PacketHistory,
  end: { readonly how: string; readonly seed: string },
  checks: readonly FairnessCheck[],
): string[] {
  const lines = [
    `packet      ${terms.packetId}`,
    `terms       ${terms.kind}, ${formatYuan(terms.totalFen)} yuan in ${terms.count} shares`,
    `ended       ${end.how}`,
    `seed        ${end.seed}`,
    `commitment  ${terms.fairness.commitment}`,
    '',
  ];
  for (const { check, ok, shareIndex, expected, actual } of checks) {
    const grab = grabs.find((candidate) => candidate.shareIndex === shareIndex);
    const what = grab === undefined ? check : `share ${grab.shareIndex + 1} (user ${grab.userId})`;
    const told = ok ? actual : `expected ${expected}, found ${actual}`;
    lines.push(`${ok ? 'ok    ' : 'FAILED'}  ${what}: ${told}`);
  }
  const failed = checks.filter((check) => !check.ok).length;
  lines.push(
    '',
    failed === 0
      ? 'The shares follow from the seed that was committed to before the first grab.'
      : `${failed} of ${checks.length} checks failed.`,
  );
  return lines;
}

import { auditLog } from '../../src/cli/commands/audit/audit-log.ts';
import type { AuditReport } from '../../src/cli/commands/audit/audit-report.ts';
import { halfTaken } from '../domain/ledger/money-history.ts';
import { acknowledged, honest } from '../domain/message-audit/message-history.ts';
import { type Planted, recordedEvents, recordedLog } from '../support/recorded-log.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

/** What would run, load or turn round if it were not escaped. */
export const hostileStream = `wallet-<img src=x onerror=alert(1)>"'&\u202e\u0007`;

const { clock } = virtualRuntime();
const money: readonly Planted[] = halfTaken.map((step) => ({ ...step, stream: hostileStream }));

/** Of a log in which nothing is wrong. */
export function cleanReport(): Promise<AuditReport> {
  // The packet message of the honest conversation shows a packet that no wallet paid for.
  const texts = honest.filter(({ event }) => event.type !== 'PacketSent' && !isOfPacket(event));
  return auditLog(recordedLog(recordedEvents([...texts.slice(0, 3), ...money])), clock);
}

/** Of a log with a cursor beyond the head, credits without a packet in a stream of a hostile name, and a row too much. */
export async function brokenReport(): Promise<AuditReport> {
  const planted = [...honest, acknowledged(99, 99), ...money.slice(-1)];
  const report = await auditLog(recordedLog(recordedEvents(planted)), clock);
  const row = '{"nickname": "</td><script>alert(1)</script>"}';
  const of = { projection: 'wallet', table: 'wallet' };
  return {
    ...report,
    differences: [{ ...of, onlyIn: 'live', row }],
    differing: [{ ...of, onlyInLive: 1, onlyInReplay: 24 }],
  };
}

function isOfPacket(event: Planted['event']): boolean {
  return event.type === 'MessageSent' && event.data.packetId !== null;
}

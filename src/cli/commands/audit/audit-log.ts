import type { EventLog } from '../../../commands/event-log.ts';
import { domainLimits } from '../../../domain/domain-limits.ts';
import { createLogStatistics } from '../../../domain/ledger/log-statistics.ts';
import { createMoneyAudit } from '../../../domain/ledger/money-audit.ts';
import { createMessageAudit } from '../../../domain/message-audit/message-audit.ts';
import { evolveSkips, noSkips, type Skips } from '../../../domain/projection-skips.ts';
import { upcast } from '../../../domain/upcast.ts';
import type { Clock } from '../../../runtime/runtime.ts';
import type { Progress } from '../../progress.ts';
import type { AuditReport } from './audit-report.ts';
import { confirmSuspects } from './confirm-suspects.ts';

interface AuditLogOptions {
  readonly progress?: Progress;
  /** Throws its reason when aborted, between two events. */
  readonly signal?: AbortSignal;
}

/**
 * Checks the rules of money and of messages over the whole log, from its first event to its head as of now. Knows
 * nothing but the log: no read model is asked.
 */
export async function auditLog(
  log: EventLog,
  clock: Clock,
  { progress, signal }: AuditLogOptions = {},
): Promise<AuditReport> {
  const money = createMoneyAudit();
  const messages = createMessageAudit();
  const statistics = createLogStatistics();
  const skips = new Map<string, Skips>();
  const head = await log.head();
  let events = 0;
  let position = -1n;
  for await (const recorded of log.readAll({ until: head })) {
    signal?.throwIfAborted();
    const { stream, revision, type, data, metadata } = recorded;
    position = recorded.position;
    const event = upcast(type, metadata.schemaVersion, data);
    const audited = { position, stream, revision, timeMs: metadata.timeMs, event };
    money.add(audited);
    messages.add(audited);
    statistics.add(audited);
    if (event.type === 'EventSkipped' || event.type === 'SkipUndone') {
      const { projection } = event.data;
      skips.set(projection, evolveSkips(skips.get(projection) ?? noSkips, event));
    }
    if (messages.suspectCount() >= domainLimits.audit.suspectsMax)
      await confirmSuspects(log, messages, signal);
    events += 1;
    progress?.update({ label: 'audit', fraction: Number(position) / Number(head), events });
  }
  await confirmSuspects(log, messages, signal);
  const auditedAtMs = clock.nowMs();
  const ofMoney = money.violations(auditedAtMs);
  return {
    auditedAtMs,
    events,
    position: position.toString(),
    terms: money.terms(),
    violationCount: Math.max(money.violationCount(), ofMoney.length) + messages.violationCount(),
    violations: [...ofMoney, ...messages.violations()],
    statistics: statistics.statistics(),
    skipped: [...skips.values()].flatMap((ofOne) => [...ofOne.values()]),
  };
}

import { describe, expect, it } from 'vitest';
import { confirmSuspects } from '../../src/cli/commands/audit/confirm-suspects.ts';
import { domainLimits } from '../../src/domain/domain-limits.ts';
import { createMessageAudit } from '../../src/domain/message-audit/message-audit.ts';
import type { Suspect } from '../../src/domain/message-audit/suspects.ts';
import { upcast } from '../../src/domain/upcast.ts';
import {
  acknowledged,
  becameFriends,
  conversation,
  notice,
  recalled,
  sent,
} from '../domain/message-audit/message-history.ts';
import { alice, bob, clientMsgId } from '../support/domain-fixtures.ts';
import { startMs } from '../support/given-when-then.ts';
import { type Planted, recordedEvents, recordedLog } from '../support/recorded-log.ts';

/** What is found when no message but the very last is remembered, so that all recalls are looked up. */
async function found(steps: readonly Planted[], signal?: AbortSignal): Promise<readonly string[]> {
  const events = recordedEvents([becameFriends, ...steps]);
  const audit = createMessageAudit({ ...domainLimits.audit, latestMessagesMax: 1 });
  for (const { position, stream, revision, type, data, metadata } of events) {
    const event = upcast(type, metadata.schemaVersion, data);
    audit.add({ position, stream, revision, timeMs: metadata.timeMs, event });
  }
  expect(audit.violations()).toEqual([]);
  expect(audit.suspectCount()).toBeGreaterThan(0);
  await confirmSuspects(recordedLog(events), audit, signal);
  return audit.violations().map(({ rule, position }) => `${rule} at ${position}`);
}

const texts = [sent(1), notice, sent(2)];
const { recallWindowMs } = domainLimits.conversation;

describe('a recall that has to be looked up', () => {
  it.each<[string, readonly Planted[]]>([
    ['of a message', [...texts, recalled(1)]],
    ['in the last moment', [...texts, recalled(1, alice, startMs + recallWindowMs)]],
  ])('is none of the violations: %s', async (_what, steps) => {
    expect(await found(steps)).toEqual([]);
  });

  it.each<[string, readonly Planted[]]>([
    ['of a message of another', [...texts, recalled(1, bob)]],
    ['of a notice', [...texts, recalled(2, bob)]],
    ['of a recall', [sent(1), recalled(1), sent(2), recalled(2)]],
    ['too late', [...texts, recalled(1, alice, startMs + recallWindowMs + 1)]],
    ['for the second time', [sent(1), recalled(1), sent(2), recalled(1)]],
  ])('is a violation: %s', async (_what, steps) => {
    expect(await found(steps)).toEqual([`M4 at ${steps.length * 10}`]);
  });
});

describe('looking up suspects', () => {
  it.each<[string, readonly Planted[]]>([
    ['a recall', [...texts, recalled(1)]],
    ['a message', [...texts, sent(3, { clientMsgId: clientMsgId(1) })]],
  ])('ends when it is given up: %s', async (_what, steps) => {
    const given = AbortSignal.abort(new Error('given up'));
    await expect(found(steps, given)).rejects.toThrow('given up');
  });
});

describe('a message that may have been sent before', () => {
  const twice = (messageNo: number, id: number) => sent(messageNo, { clientMsgId: clientMsgId(id) });

  it('is a violation each time that it was', async () => {
    expect(await found([...texts, twice(3, 1), acknowledged(1, 1), twice(4, 2), twice(5, 1)])).toEqual([
      'M3 at 40',
      'M3 at 60',
      'M3 at 70',
    ]);
  });

  it('is none when only its hash was there: the stream says so', async () => {
    const events = recordedEvents([
      becameFriends,
      ...texts,
      twice(3, 3),
      sent(4, { senderId: bob, clientMsgId: clientMsgId(3) }),
    ]);
    const audit = createMessageAudit();
    const at = { stream: conversation, clientMsgId: 'message-3' };
    const collided: readonly Suspect[] = [
      { kind: 'sent-twice', ...at, position: 40n, revision: 3, senderId: alice },
      { kind: 'sent-twice', ...at, position: 50n, revision: 4, senderId: bob },
    ];
    await confirmSuspects(recordedLog(events), { ...audit, takeSuspects: () => collided });
    expect(audit.violations()).toEqual([]);
  });
});

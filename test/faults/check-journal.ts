import type { EventLog } from '../../src/commands/event-log.ts';
import { upcast } from '../../src/domain/upcast.ts';
import type { Acknowledged } from './journal.ts';

/**
 * Looks for every acknowledged fact in the log. Answers what is missing, there twice, or otherwise than it was
 * acknowledged. Also finds what nobody was told of but must not be: a client message id used twice.
 */
export async function checkJournal(log: EventLog, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const found = new Map<string, string[]>();
  const add = (key: string, fact: string): void => {
    found.set(key, [...(found.get(key) ?? []), fact]);
  };
  for await (const event of log.readAll()) {
    const { type, data } = upcast(event.type, event.metadata.schemaVersion, event.data);
    if (type === 'MessageSent') {
      const key = `message ${data.conversationId} ${data.senderId} ${data.clientMsgId}`;
      add(key, `seq ${event.revision + 1} packet ${data.packetId}`);
    } else if (type === 'PacketSent') {
      add(`packet ${data.packetId}`, `${data.totalFen} fen`);
    } else if (type === 'PacketGrabbed') {
      add(`grab ${data.packetId} ${data.userId}`, `share ${data.shareIndex} of ${data.amountFen} fen`);
    }
  }
  const problems: string[] = [];
  for (const [key, facts] of found) {
    if (facts.length > 1) problems.push(`${key} is there ${facts.length} times`);
  }
  for (const entry of acknowledged) {
    for (const [key, fact] of expectedFacts(entry)) {
      const actual = found.get(key)?.[0];
      if (actual !== fact) problems.push(`${key}: acknowledged as ${fact}, found ${actual}`);
    }
  }
  return problems;
}

function expectedFacts(entry: Acknowledged): [string, string][] {
  switch (entry.kind) {
    case 'message':
      return [[messageKey(entry), `seq ${entry.seq} packet null`]];
    case 'packet':
      return [
        [messageKey(entry), `seq ${entry.seq} packet ${entry.packetId}`],
        [`packet ${entry.packetId}`, `${entry.totalFen} fen`],
      ];
    case 'grab':
      return [
        [`grab ${entry.packetId} ${entry.userId}`, `share ${entry.shareIndex} of ${entry.amountFen} fen`],
      ];
  }
}

function messageKey(entry: Extract<Acknowledged, { readonly clientMsgId: string }>): string {
  return `message ${entry.conversationId} ${entry.senderId} ${entry.clientMsgId}`;
}

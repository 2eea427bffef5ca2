import { type EventLog, type Position, type RecordedEvent, START } from '../../src/commands/event-log.ts';
import { upcast } from '../../src/domain/upcast.ts';
import type { Acknowledged } from './journal.ts';

/** Compares what was acknowledged with the log, which it reads on from where it was. */
export class JournalCheck {
  readonly #found = new Map<string, string>();
  readonly #problems: string[] = [];
  #position: Position = START;

  /**
   * Answers what is missing, there twice, or otherwise than it was acknowledged. Also finds what nobody was told
   * of but must not be: a client message id used twice.
   */
  async check(log: EventLog, acknowledged: readonly Acknowledged[]): Promise<string[]> {
    for await (const event of log.readAll({ after: this.#position })) {
      this.#add(event);
      this.#position = event.position;
    }
    const problems = [...this.#problems];
    for (const entry of acknowledged) {
      for (const [key, fact] of expectedFacts(entry)) {
        const actual = this.#found.get(key);
        if (actual !== fact) problems.push(`${key}: acknowledged as ${fact}, found ${actual}`);
      }
    }
    return problems;
  }

  #add(event: RecordedEvent): void {
    const { type, data } = upcast(event.type, event.metadata.schemaVersion, event.data);
    if (type === 'MessageSent') {
      const key = `message ${data.conversationId} ${data.senderId} ${data.clientMsgId}`;
      this.#keep(key, `seq ${event.revision + 1} packet ${data.packetId}`);
    } else if (type === 'PacketSent') {
      this.#keep(`packet ${data.packetId}`, `${data.totalFen} fen`);
    } else if (type === 'PacketGrabbed') {
      this.#keep(`grab ${data.packetId} ${data.userId}`, `share ${data.shareIndex} of ${data.amountFen} fen`);
    }
  }

  #keep(key: string, fact: string): void {
    if (this.#found.has(key)) this.#problems.push(`${key} is there twice`);
    this.#found.set(key, fact);
  }
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

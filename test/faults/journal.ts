import { appendFileSync, closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { ConversationId, PacketId, UserId } from '../../src/domain/ids.ts';

/** What the server has acknowledged to a client: from then on it must be there, exactly once. */
export type Acknowledged =
  | {
      readonly kind: 'message';
      readonly conversationId: ConversationId;
      readonly senderId: UserId;
      readonly clientMsgId: string;
      readonly seq: number;
      readonly text: string;
    }
  | {
      readonly kind: 'packet';
      readonly conversationId: ConversationId;
      readonly senderId: UserId;
      readonly clientMsgId: string;
      readonly seq: number;
      readonly packetId: PacketId;
      readonly totalFen: number;
    }
  | {
      readonly kind: 'grab';
      readonly packetId: PacketId;
      readonly userId: UserId;
      readonly shareIndex: number;
      readonly amountFen: number;
    };

/** A durable journal, one JSON object per line: an entry is on the disk before the next thing happens. */
export interface Journal {
  write(entry: Acknowledged): void;
  entries(): readonly Acknowledged[];
  close(): void;
}

export function openJournal(file: string): Journal {
  appendFileSync(file, '');
  const descriptor = openSync(file, 'a');
  return {
    write(entry) {
      writeSync(descriptor, `${JSON.stringify(entry)}\n`);
      fdatasyncSync(descriptor);
    },
    entries: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Acknowledged),
    close: () => closeSync(descriptor),
  };
}

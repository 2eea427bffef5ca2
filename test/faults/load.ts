import { ClientError } from '../../src/client/index.ts';
import type { ConversationId, PacketId } from '../../src/domain/ids.ts';
import { freshMessageId, freshNonce, type Person } from '../support/people.ts';
import type { Journal } from './journal.ts';

/** Failures that a client has to expect while servers die under it. Everything else ends the test. */
const expectedFailures = new Set(['network', 'unavailable', 'busy', 'unknown-outcome', 'rate-limited']);
const packetFen = 30;
const packetShares = 3;
/** Some packets are refunded while the rounds go on. */
const packetTtlSeconds = 10;

export interface Load {
  /** Resolves when `count` more acknowledgements have been written than now. */
  acknowledged(count: number): Promise<void>;
  /** Lets what is under way end. Rejects with the first failure that was not to be expected. */
  stop(): Promise<void>;
}

/** People who chat in a group, send packets into it and grab them, as fast as they are answered. */
export function startLoad(people: readonly Person[], group: ConversationId, journal: Journal): Load {
  let stopping = false;
  let written = 0;
  const waiting: { readonly at: number; readonly resolve: () => void }[] = [];
  const packets: PacketId[] = [];

  const wrote = (entry: Parameters<Journal['write']>[0]): void => {
    journal.write(entry);
    written += 1;
    while (waiting[0] !== undefined && waiting[0].at <= written) waiting.shift()?.resolve();
  };

  const chat = async (person: Person, text: string): Promise<void> => {
    const clientMsgId = freshMessageId();
    const content = { kind: 'text', text } as const;
    const { data } = await person.client.request('sendMessage', {
      conversationId: group,
      clientMsgId,
      content,
    });
    const { conversationId, seq } = data;
    wrote({ kind: 'message', conversationId, senderId: person.userId, clientMsgId, seq, text });
  };

  const send = async (person: Person): Promise<void> => {
    const clientMsgId = freshMessageId();
    const { data } = await person.client.request('sendPacket', {
      conversationId: group,
      clientMsgId,
      kind: 'equal',
      totalFen: packetFen,
      count: packetShares,
      ttlSeconds: packetTtlSeconds,
      receivers: [],
      greeting: '',
      nonce: freshNonce(),
    });
    const { conversationId, seq, packetId } = data;
    wrote({
      kind: 'packet',
      conversationId,
      senderId: person.userId,
      clientMsgId,
      seq,
      packetId,
      totalFen: packetFen,
    });
    packets.push(packetId);
  };

  const grab = async (person: Person): Promise<void> => {
    const packetId = packets.at(-1);
    if (packetId === undefined) return;
    try {
      const { data } = await person.client.request('grabPacket', { packetId });
      wrote({ kind: 'grab', packetId, userId: person.userId, ...pick(data) });
    } catch (error) {
      const refusals = ['already-grabbed', 'packet-exhausted', 'packet-expired'];
      if (!(error instanceof ClientError) || !refusals.includes(error.code)) throw error;
    }
  };

  const live = async (person: Person, index: number): Promise<void> => {
    for (let step = 0; !stopping; step += 1) {
      try {
        await chat(person, `${person.name} ${step}`);
        if (step % people.length === index) await send(person);
        await grab(person);
      } catch (error) {
        if (!(error instanceof ClientError) || !expectedFailures.has(error.code)) throw error;
      }
    }
  };

  const lives = Promise.all(people.map(live));
  // Whoever waits hears of a failure; this keeps it handled when nobody does.
  lives.catch(() => undefined);
  return {
    acknowledged: (count) =>
      Promise.race([
        new Promise<void>((resolve) => waiting.push({ at: written + count, resolve })),
        // Only a failure ends a life before `stop`.
        lives.then(() => undefined),
      ]),
    async stop() {
      stopping = true;
      await lives;
    },
  };
}

function pick(data: { readonly shareIndex: number; readonly amountFen: number }) {
  return { shareIndex: data.shareIndex, amountFen: data.amountFen };
}

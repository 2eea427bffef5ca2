import type { ClientMessageId, PacketId } from '../../../src/domain/ids.ts';
import type { Answers, Takes } from '../../../src/protocol/requests.ts';
import type { PacketProofView } from '../../../src/protocol/views/money-views.ts';
import { createKeptIds } from './kept-ids.ts';
import type { Loaders } from './loaders.ts';
import type { SessionContext } from './session-context.ts';

const nonceBytes = 32;

/** What the sender of a packet says; the rest is made here. */
export type PacketDraft = Omit<Takes<'sendPacket'>, 'clientMsgId' | 'nonce'>;

/** Each rejects with `ClientError`. */
export interface MoneyActions {
  /**
   * How one form sends packets. The same draft sent again after a failure, whatever that was, is the same packet:
   * it is paid once.
   */
  packetSender(): (draft: PacketDraft) => Promise<void>;
  /** Takes a share; whatever the answer is, the packet is read again. */
  grab(packetId: PacketId, phrase?: string): Promise<Answers<'grabPacket'>>;
  /** Says thank you for a share, and reads the packet again. */
  thank(packetId: PacketId, note: string): Promise<void>;
  loadPacket(packetId: PacketId): Promise<void>;
  proof(packetId: PacketId): Promise<PacketProofView>;
  /** How one form tops up: sandbox money, in development only. The same amount again after a failure comes once. */
  depositor(): (amountFen: number) => Promise<void>;
  loadOlderStatement(): Promise<void>;
}

export function createMoneyActions(context: SessionContext, loaders: Loaders): MoneyActions {
  const { client, runtime, command, afterOwnWrites } = context;
  return {
    packetSender() {
      const kept = createKeptIds(() => ({
        commandId: runtime.ids.next(),
        clientMsgId: runtime.ids.next() as ClientMessageId,
        nonce: hex(runtime.random.bytes(nonceBytes)),
      }));
      return async (draft) => {
        const { commandId, ...ids } = kept.of(draft);
        await command('sendPacket', { ...draft, ...ids }, { commandId });
        kept.done();
      };
    },
    async grab(packetId, phrase) {
      try {
        return await command('grabPacket', phrase === undefined ? { packetId } : { packetId, phrase });
      } finally {
        void loaders.packet(packetId);
      }
    },
    async thank(packetId, note) {
      await command('thankForPacket', { packetId, note });
      await loaders.packet(packetId);
    },
    loadPacket: (packetId) => loaders.packet(packetId),
    proof: (packetId) => client.packetProof(packetId, afterOwnWrites()),
    depositor() {
      const kept = createKeptIds(() => ({ commandId: runtime.ids.next(), providerRef: runtime.ids.next() }));
      return async (amountFen) => {
        const { commandId, providerRef } = kept.of(amountFen);
        await command('deposit', { amountFen, providerRef }, { commandId });
        kept.done();
      };
    },
    loadOlderStatement: () => loaders.olderStatement(),
  };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

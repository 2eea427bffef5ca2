import type { ClientMessageId, PacketId } from '../../../src/domain/ids.ts';
import type { Answers, Takes } from '../../../src/protocol/requests.ts';
import type { PacketProofView } from '../../../src/protocol/views/money-views.ts';
import type { Loaders } from './loaders.ts';
import type { SessionContext } from './session-context.ts';

const nonceBytes = 32;

/** What the sender of a packet says; the rest is made here. */
export type PacketDraft = Omit<Takes<'sendPacket'>, 'clientMsgId' | 'nonce'>;

/** Each rejects with `ClientError`. */
export interface MoneyActions {
  sendPacket(draft: PacketDraft): Promise<void>;
  /** Takes a share; whatever the answer is, the packet is read again. */
  grab(packetId: PacketId): Promise<Answers<'grabPacket'>>;
  loadPacket(packetId: PacketId): Promise<void>;
  proof(packetId: PacketId): Promise<PacketProofView>;
  /** Sandbox money, in development only. */
  topUp(amountFen: number): Promise<void>;
  loadOlderStatement(): Promise<void>;
}

export function createMoneyActions(context: SessionContext, loaders: Loaders): MoneyActions {
  const { client, runtime, command, afterOwnWrites } = context;
  return {
    async sendPacket(draft) {
      const nonce = hex(runtime.random.bytes(nonceBytes));
      await command('sendPacket', { ...draft, clientMsgId: runtime.ids.next() as ClientMessageId, nonce });
    },
    async grab(packetId) {
      try {
        return await command('grabPacket', { packetId });
      } finally {
        void loaders.packet(packetId);
      }
    },
    loadPacket: (packetId) => loaders.packet(packetId),
    proof: (packetId) => client.packetProof(packetId, afterOwnWrites()),
    async topUp(amountFen) {
      await command('deposit', { amountFen, providerRef: runtime.ids.next() });
    },
    loadOlderStatement: () => loaders.olderStatement(),
  };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

import { useEffect } from 'preact/hooks';
import { formatYuan } from '../../../src/domain/money.ts';
import type { MessageView } from '../../../src/protocol/views/message-views.ts';
import { useServerNow } from '../hooks/use-server-now.ts';
import { useSession, useSessionState } from '../hooks/use-session.ts';
import type { Texts } from '../i18n/en.ts';
import { useTexts } from '../i18n/language-context.ts';
import { type PacketStanding, packetStanding } from '../packet/packet-standing.ts';

interface PacketBubbleProps {
  item: Extract<MessageView, { kind: 'packet' }>;
  onOpen(): void;
}

/** A red packet in the flow: its greeting, and what it is to this user now. Opens the packet. */
export function PacketBubble({ item, onOpen }: PacketBubbleProps) {
  const texts = useTexts().packet;
  const session = useSession();
  const { me, packets } = useSessionState();
  const packet = packets.get(item.packetId);
  const now = useServerNow(packet?.state === 'open');

  useEffect(() => void session.loadPacket(item.packetId), [session, item.packetId]);

  const standing = packet === undefined ? undefined : packetStanding(packet, me.userId, now);
  const isLive = standing?.kind === 'can-grab' || standing?.kind === 'for-others';
  const isMine = item.senderId === me.userId;
  return (
    <button
      type="button"
      class={`packet-bubble packet-cover-${packet?.cover ?? 'classic'}${isLive || standing === undefined ? '' : ' packet-bubble-spent'}`}
      onClick={onOpen}
    >
      <span class="packet-bubble-top">
        <span class="packet-bubble-seal" aria-hidden="true" />
        <span>
          <span class="packet-bubble-greeting">{item.greeting || texts.defaultGreeting}</span>
          <span class="packet-bubble-state">
            {standing === undefined ? '' : describe(standing, isMine, texts.bubble)}
          </span>
        </span>
      </span>
      <span class="packet-bubble-kind">{packet === undefined ? '' : texts.kinds[packet.kind]}</span>
    </button>
  );
}

function describe(standing: PacketStanding, isMine: boolean, texts: Texts['packet']['bubble']): string {
  switch (standing.kind) {
    case 'grabbed':
      return texts.grabbed(formatYuan(standing.amountFen));
    case 'can-grab':
      return texts.open;
    case 'for-others':
      return isMine ? texts.yours : texts.notForYou;
    case 'exhausted':
      return texts.exhausted;
    case 'expired':
      return texts.refunded;
    case 'cancelled':
      return texts.cancelled;
  }
}

import { formatYuan } from '../../../src/domain/money.ts';
import type { PacketView } from '../../../src/protocol/views/money-views.ts';
import { formatCountdown } from '../format/time.ts';
import { useServerNow } from '../hooks/use-server-now.ts';
import { useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';

/** The countdown to the expiry; after it, where the rest went. */
export function PacketEnd({ packet }: { packet: PacketView }) {
  const { packet: texts } = useTexts();
  const { me } = useSessionState();
  const leftMs = packet.expiresAtSecond * 1000 - useServerNow(packet.state === 'open');
  if (packet.state === 'open') {
    return leftMs > 0 ? (
      <p class="packet-end" role="timer">
        {texts.expiresIn(formatCountdown(leftMs))}
      </p>
    ) : (
      <p class="packet-end" role="status">
        {texts.expiring}
      </p>
    );
  }
  if (packet.refundedFen === 0) return null;
  const yuan = formatYuan(packet.refundedFen);
  return (
    <p class="packet-end" role="status">
      {packet.senderId === me.userId ? texts.refundedToYou(yuan) : texts.refunded(yuan)}
    </p>
  );
}

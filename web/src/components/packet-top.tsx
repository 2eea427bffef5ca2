import { formatYuan } from '../../../src/domain/money.ts';
import type { PacketView } from '../../../src/protocol/views/money-views.ts';
import { useServerNow } from '../hooks/use-server-now.ts';
import { useNames, useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { packetStanding } from '../packet/packet-standing.ts';

interface PacketTopProps {
  packet: PacketView;
  busy: boolean;
  onGrab(): void;
}

/** The greeting, and what this user can do or has got. */
export function PacketTop({ packet, busy, onGrab }: PacketTopProps) {
  const { packet: texts } = useTexts();
  const { me } = useSessionState();
  const nameOf = useNames();
  const now = useServerNow(packet.state === 'open');
  const standing = packetStanding(packet, me.userId, now);

  function body() {
    switch (standing.kind) {
      case 'can-grab':
        return (
          <button type="button" class="grab" disabled={busy} aria-label={texts.grabLong} onClick={onGrab}>
            {texts.grab}
          </button>
        );
      case 'grabbed':
        return (
          <p class="packet-got" role="status">
            <span>{texts.youGot}</span> <strong>¥{formatYuan(standing.amountFen)}</strong>{' '}
            <span class="packet-got-hint">{texts.inWallet}</span>
          </p>
        );
      case 'for-others':
        return packet.kind === 'exclusive' ? (
          <p>{texts.onlyFor(packet.receivers.map(nameOf).join(', '))}</p>
        ) : (
          <p>{texts.bubble.yours}</p>
        );
      case 'exhausted':
        return <p role="status">{texts.tooLateExhausted}</p>;
      case 'expired':
        return <p role="status">{texts.tooLateExpired}</p>;
      case 'cancelled':
        return <p role="status">{texts.cancelled}</p>;
    }
  }

  return (
    <div class="packet-top">
      <p class="packet-kind">{texts.kinds[packet.kind]}</p>
      <p class="packet-greeting">{packet.greeting || texts.defaultGreeting}</p>
      {body()}
    </div>
  );
}

import { useState } from 'preact/hooks';
import { formatYuan } from '../../../src/domain/money.ts';
import { bounds } from '../../../src/protocol/bounds.ts';
import type { PacketView } from '../../../src/protocol/views/money-views.ts';
import { useServerNow } from '../hooks/use-server-now.ts';
import { useNames, useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { packetStanding } from '../packet/packet-standing.ts';
import { Field } from './field.tsx';

interface PacketTopProps {
  packet: PacketView;
  busy: boolean;
  /** With what was written as the phrase, where one is asked for. */
  onGrab(phrase: string | undefined): void;
}

/** The greeting, and what this user can do or has got. */
export function PacketTop({ packet, busy, onGrab }: PacketTopProps) {
  const { packet: texts } = useTexts();
  const { me } = useSessionState();
  const nameOf = useNames();
  const now = useServerNow(packet.state === 'open');
  const [phrase, setPhrase] = useState('');
  const standing = packetStanding(packet, me.userId, now);

  function submit(event: Event): void {
    event.preventDefault();
    onGrab(packet.needsPhrase ? phrase : undefined);
  }

  function body() {
    switch (standing.kind) {
      case 'can-grab':
        return (
          <form class="packet-grab" onSubmit={submit} noValidate>
            {packet.needsPhrase && (
              <Field
                label={texts.phrase}
                value={phrase}
                onValue={setPhrase}
                input={{ autoComplete: 'off', maxLength: bounds.phraseChars, focusFirst: true }}
              />
            )}
            <button type="submit" class="grab" disabled={busy} aria-label={texts.grabLong}>
              {texts.grab}
            </button>
          </form>
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
    <div class={`packet-top packet-cover-${packet.cover}`}>
      <p class="packet-kind">{texts.kinds[packet.kind]}</p>
      <p class="packet-greeting">{packet.greeting || texts.defaultGreeting}</p>
      {body()}
    </div>
  );
}

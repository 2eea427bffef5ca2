import { useState } from 'preact/hooks';
import type { PacketId } from '../../../src/domain/ids.ts';
import { bounds } from '../../../src/protocol/bounds.ts';
import { useAction } from '../hooks/use-action.ts';
import { useSession } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { Field } from './field.tsx';
import { Problem } from './problem.tsx';

/** A note of thanks by who has a share. */
export function PacketThanks({ packetId }: { packetId: PacketId }) {
  const { packet: texts } = useTexts();
  const session = useSession();
  const [note, setNote] = useState('');
  const thank = useAction(() => session.thank(packetId, note.trim()));

  function submit(event: Event): void {
    event.preventDefault();
    if (note.trim() !== '') void thank.run();
  }

  return (
    <form class="packet-thanks" onSubmit={submit} noValidate>
      <Field
        label={texts.thanks}
        value={note}
        onValue={setNote}
        input={{ autoComplete: 'off', maxLength: bounds.thanksChars }}
      />
      <button type="submit" disabled={thank.busy || note.trim() === ''}>
        {texts.thank}
      </button>
      <Problem code={thank.failure} />
    </form>
  );
}

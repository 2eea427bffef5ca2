import { useId, useState } from 'preact/hooks';
import type { ConversationId } from '../../../src/domain/ids.ts';
import { bounds } from '../../../src/protocol/bounds.ts';
import { useSession } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';

/** The line to write in, and the way to a red packet. */
export function Composer({ id, onSendPacket }: { id: ConversationId; onSendPacket(): void }) {
  const { chat } = useTexts();
  const session = useSession();
  const [text, setText] = useState('');
  const inputId = useId();

  function send(event: Event): void {
    event.preventDefault();
    const trimmed = text.trim();
    if (trimmed === '') return;
    setText('');
    void session.sendText(id, trimmed);
  }

  return (
    <form class="composer" onSubmit={send}>
      <button type="button" class="button-packet" onClick={onSendPacket}>
        {chat.sendPacket}
      </button>
      <label class="visually-hidden" for={inputId}>
        {chat.message}
      </label>
      <input
        id={inputId}
        type="text"
        value={text}
        placeholder={chat.placeholder}
        autoComplete="off"
        maxLength={bounds.messageTextChars}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="button-primary" disabled={text.trim() === ''}>
        {chat.send}
      </button>
    </form>
  );
}

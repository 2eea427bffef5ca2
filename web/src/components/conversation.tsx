import { useEffect, useId, useRef } from 'preact/hooks';
import type { ConversationId, PacketId } from '../../../src/domain/ids.ts';
import { useConversationTitle } from '../hooks/use-conversation-title.ts';
import { useSession } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { Composer } from './composer.tsx';
import { MessageList } from './message-list.tsx';

interface ConversationProps {
  id: ConversationId;
  onBack(): void;
  onOpenPacket(id: PacketId): void;
  onSendPacket(): void;
}

/** One conversation: its flow, and the line to write in. */
export function Conversation({ id, onBack, onOpenPacket, onSendPacket }: ConversationProps) {
  const { app } = useTexts();
  const session = useSession();
  const title = useConversationTitle(id);
  const headingId = useId();
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => heading.current?.focus(), []);

  // What came in while the page was in the background counts as read when the user looks at it again.
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === 'visible') session.setActive(id);
    };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [session, id]);

  return (
    <section class="conversation" aria-labelledby={headingId}>
      <header class="conversation-header">
        <button type="button" class="button-icon" aria-label={app.back} onClick={onBack}>
          ‹
        </button>
        <h3 id={headingId} ref={heading} tabIndex={-1}>
          {title}
        </h3>
      </header>
      <MessageList id={id} onOpenPacket={onOpenPacket} />
      <Composer id={id} onSendPacket={onSendPacket} />
    </section>
  );
}

import { domainLimits } from '../../../src/domain/domain-limits.ts';
import type { MessageView } from '../../../src/protocol/views/message-views.ts';
import { useAction } from '../hooks/use-action.ts';
import { useServerNow } from '../hooks/use-server-now.ts';
import { useSession } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { Problem } from './problem.tsx';

/** Takes a message back, for as long as that is allowed. */
export function RecallButton({ item }: { item: Extract<MessageView, { kind: 'text' }> }) {
  const { chat } = useTexts();
  const session = useSession();
  const recall = useAction(() => session.recall(item.conversationId, item.seq));
  const endsAtMs = item.timeMs + domainLimits.conversation.recallWindowMs;
  const isOpen = useServerNow(session.serverNowMs() < endsAtMs) < endsAtMs;
  return (
    <>
      <Problem code={recall.failure} />
      {isOpen && (
        <button
          type="button"
          class="button-link"
          disabled={recall.busy}
          aria-label={chat.recallThis(item.text ?? '')}
          onClick={() => void recall.run()}
        >
          {chat.recall}
        </button>
      )}
    </>
  );
}

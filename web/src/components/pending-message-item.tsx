import { useTexts } from '../i18n/language-context.ts';
import type { PendingMessage } from '../session/session-state.ts';

/** A message that is on its way, or that did not get through and can be sent again. */
export function PendingMessageItem({ message, onAgain }: { message: PendingMessage; onAgain(): void }) {
  const { app, chat, errors } = useTexts();
  return (
    <div class="bubble-row bubble-mine bubble-pending">
      <div class="bubble-column">
        <p class="bubble-text">{message.text}</p>
        <span class="bubble-meta">
          {message.status === 'failed' ? (
            <>
              <span class="problem" role="alert">
                {chat.failed}. {message.code === undefined ? '' : errors[message.code]}
              </span>
              <button type="button" class="button-link" onClick={onAgain}>
                {app.tryAgain}
              </button>
            </>
          ) : (
            <span class="receipt">{chat[message.status]}</span>
          )}
        </span>
      </div>
    </div>
  );
}

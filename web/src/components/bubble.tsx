import type { ComponentChildren } from 'preact';
import type { UserId } from '../../../src/domain/ids.ts';
import type { MessageView } from '../../../src/protocol/views/message-views.ts';
import { formatTime } from '../format/time.ts';
import { useNames, useSession, useSessionState } from '../hooks/use-session.ts';
import { useLanguage } from '../i18n/language-context.ts';
import { receiptMark } from '../session/receipt-mark.ts';
import type { Cursors } from '../session/session-state.ts';
import { Avatar } from './avatar.tsx';
import { Receipt } from './receipt.tsx';

interface BubbleProps {
  message: Extract<MessageView, { kind: 'text' | 'packet' }>;
  receipts: ReadonlyMap<UserId, Cursors>;
  /** Participants beside me. */
  others: number;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** A message of somebody: who, when, how far it has come, and around what was said. */
export function Bubble({ message, receipts, others, actions, children }: BubbleProps) {
  const session = useSession();
  const language = useLanguage();
  const { me, people } = useSessionState();
  const nameOf = useNames();
  const isMine = message.senderId === me.userId;
  const name = nameOf(message.senderId);
  const avatarId = people.get(message.senderId)?.username ?? message.senderId;
  return (
    <div class={isMine ? 'bubble-row bubble-mine' : 'bubble-row'} data-seq={message.seq}>
      {!isMine && <Avatar id={avatarId} name={name} />}
      <div class="bubble-column">
        {isMine ? (
          <span class="visually-hidden">{name}</span>
        ) : (
          others > 1 && <span class="bubble-name">{name}</span>
        )}
        {children}
        <span class="bubble-meta">
          {actions}
          <time dateTime={new Date(message.timeMs).toISOString()}>
            {formatTime(message.timeMs, session.serverNowMs(), language)}
          </time>
          {isMine && <Receipt mark={receiptMark(message.seq, receipts, me.userId, others)} />}
        </span>
      </div>
    </div>
  );
}

import type { PacketId, UserId } from '../../../src/domain/ids.ts';
import type { MessageView } from '../../../src/protocol/views/message-views.ts';
import { useNoticeText } from '../hooks/use-notice-text.ts';
import { useNames, useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import type { Cursors } from '../session/session-state.ts';
import { Bubble } from './bubble.tsx';
import { PacketBubble } from './packet-bubble.tsx';
import { RecallButton } from './recall-button.tsx';

interface MessageItemProps {
  item: MessageView;
  receipts: ReadonlyMap<UserId, Cursors>;
  others: number;
  onOpenPacket(id: PacketId): void;
}

/** One item of a conversation's flow, whatever it is. */
export function MessageItem({ item, receipts, others, onOpenPacket }: MessageItemProps) {
  const { chat } = useTexts();
  const { me } = useSessionState();
  const nameOf = useNames();
  const noticeText = useNoticeText();
  switch (item.kind) {
    case 'text':
      return (
        <Bubble
          message={item}
          receipts={receipts}
          others={others}
          actions={item.senderId === me.userId && <RecallButton item={item} />}
        >
          <p class="bubble-text">{item.text ?? chat.unreadable}</p>
        </Bubble>
      );
    case 'packet':
      return (
        <Bubble message={item} receipts={receipts} others={others}>
          <PacketBubble item={item} onOpen={() => onOpenPacket(item.packetId)} />
        </Bubble>
      );
    case 'recalled':
      return (
        <p class="notice">
          {item.senderId === me.userId ? chat.recalledByYou : chat.recalledBy(nameOf(item.senderId))}
        </p>
      );
    case 'recall':
      // The recalled message's own place says it.
      return null;
    case 'notice':
      return <p class="notice">{noticeText(item.notice)}</p>;
  }
}

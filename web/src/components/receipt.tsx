import { useTexts } from '../i18n/language-context.ts';
import type { ReceiptMark } from '../session/receipt-mark.ts';

/** How far a message of mine has come, in words. */
export function Receipt({ mark }: { mark: ReceiptMark }) {
  const { chat } = useTexts();
  const text = mark.kind === 'read-by' ? chat.readBy(mark.readers, mark.others) : chat[mark.kind];
  return <span class={`receipt receipt-${mark.kind}`}>{text}</span>;
}

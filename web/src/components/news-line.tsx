import { useEffect } from 'preact/hooks';
import { formatYuan } from '../../../src/domain/money.ts';
import { useNames, useSession, useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import type { News } from '../session/session-state.ts';

const newsShownMs = 10_000;

/** What just happened, said aloud by screen readers, gone after a while. */
export function NewsLine() {
  const { news } = useSessionState();
  return (
    <div class="news" role="status">
      {news !== undefined && <NewsItem key={news.newsId} item={news} />}
    </div>
  );
}

function NewsItem({ item }: { item: News }) {
  const session = useSession();
  const texts = useTexts().news;
  const nameOf = useNames();

  useEffect(() => {
    const timer = session.runtime.timers.after(newsShownMs, () => session.dismissNews(item.newsId));
    return () => timer.cancel();
  }, [session, item.newsId]);

  function sentence(): string {
    switch (item.kind) {
      case 'refund':
        return texts.refund(formatYuan(item.amountFen));
      case 'grabbed':
        return texts.grabbed(nameOf(item.userId), formatYuan(item.amountFen));
      case 'friend-request':
        return texts.friendRequest(nameOf(item.userId));
      case 'friend-accepted':
        return texts.friendAccepted(nameOf(item.userId));
    }
  }

  return (
    <div class="news-item">
      <p>{sentence()}</p>
      <button
        type="button"
        class="button-icon"
        aria-label={texts.dismiss}
        onClick={() => session.dismissNews(item.newsId)}
      >
        ×
      </button>
    </div>
  );
}

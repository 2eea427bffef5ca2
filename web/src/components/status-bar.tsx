import { ConnectionBadge } from './connection-badge.tsx';
import { NewsLine } from './news-line.tsx';

/** The foot of a side: whether it is connected, and the latest news. Always there, so that nothing jumps. */
export function StatusBar() {
  return (
    <footer class="status-bar">
      <ConnectionBadge />
      <NewsLine />
    </footer>
  );
}

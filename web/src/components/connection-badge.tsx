import { useServerNow } from '../hooks/use-server-now.ts';
import { useSession, useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import type { ConnectionState } from '../session/session-state.ts';

/** Whether updates flow, in words and as a dot. */
export function ConnectionBadge() {
  const texts = useTexts().connection;
  const session = useSession();
  const { connection } = useSessionState();
  useServerNow(connection.kind === 'waiting');

  function describe(state: ConnectionState): string {
    if (state.kind !== 'waiting') return texts[state.kind];
    const leftMs = state.retryAtMs - session.runtime.clock.nowMs();
    return leftMs <= 0 ? texts.connecting : texts.waiting(Math.ceil(leftMs / 1000));
  }

  return (
    <p class={`connection connection-${connection.kind}`} data-connection={connection.kind}>
      {describe(connection)}
    </p>
  );
}

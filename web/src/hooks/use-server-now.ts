import { useEffect, useState } from 'preact/hooks';
import { useSession } from './use-session.ts';

const secondMs = 1000;

/** The server's time; the component is drawn again every second while `ticking`. */
export function useServerNow(ticking: boolean): number {
  const session = useSession();
  const [, redraw] = useState(0);
  useEffect(() => {
    if (!ticking) return;
    const timer = session.runtime.timers.every(secondMs / 4, () =>
      redraw(Math.floor(session.serverNowMs() / secondMs)),
    );
    return () => timer.cancel();
  }, [session, ticking]);
  return session.serverNowMs();
}

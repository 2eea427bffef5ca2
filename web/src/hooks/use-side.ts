import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import {
  browserRuntime,
  type Client,
  type ClientErrorCode,
  createClient,
} from '../../../src/client/index.ts';
import type { UserView } from '../../../src/protocol/views/user-views.ts';
import { createSideStorage, type Side } from '../platform/side-storage.ts';
import { openSession, type Session } from '../session/session.ts';
import { stillSignedIn } from '../session/still-signed-in.ts';

export type SideState =
  /** Looking whether somebody is still signed in from before a reload. */
  | { readonly kind: 'starting' }
  /** Somebody is, but the server could not say who. */
  | { readonly kind: 'failed'; readonly code: ClientErrorCode; again(): void }
  | { readonly kind: 'signed-out' }
  | { readonly kind: 'signed-in'; readonly session: Session };

export interface SideControls {
  readonly state: SideState;
  /** Reject with `ClientError`. */
  logIn(username: string, password: string): Promise<void>;
  register(username: string, password: string, nickname: string): Promise<void>;
  leave(): void;
}

/** Who is signed in on one side of the page: a client of its own, independent of the other side's. */
export function useSide(side: Side): SideControls {
  const [state, setState] = useState<SideState>({ kind: 'starting' });
  const current = useRef<{ client: Client; session: Session } | undefined>(undefined);

  const [attempt, setAttempt] = useState(0);

  const enter = useCallback((client: Client, user: UserView) => {
    const isPageVisible = () => document.visibilityState === 'visible';
    const session = openSession(client, browserRuntime(), user, isPageVisible);
    current.current = { client, session };
    setState({ kind: 'signed-in', session });
  }, []);

  // Another attempt asks again.
  useEffect(() => {
    let wanted = true;
    const client = newClient(side);
    setState({ kind: 'starting' });
    void stillSignedIn(client).then((found) => {
      if (!wanted) return;
      if (found.kind === 'user') enter(client, found.user);
      else if (found.kind === 'nobody') setState({ kind: 'signed-out' });
      else setState({ kind: 'failed', code: found.code, again: () => setAttempt((count) => count + 1) });
    });
    return () => {
      wanted = false;
      current.current?.session.close();
    };
  }, [side, enter, attempt]);

  return {
    state,
    async logIn(username, password) {
      const client = newClient(side);
      await client.logIn({ username, password });
      enter(client, (await client.me()).user);
    },
    async register(username, password, nickname) {
      const client = newClient(side);
      await client.register({ username, password, nickname });
      enter(client, (await client.me()).user);
    },
    leave() {
      const left = current.current;
      current.current = undefined;
      left?.session.close();
      setState({ kind: 'signed-out' });
      // The storage forgets the tokens at once; the server hears of it if it can.
      left?.client.logOut().catch(() => undefined);
    },
  };
}

function newClient(side: Side): Client {
  return createClient({
    url: window.location.origin,
    storage: createSideStorage(side),
    deviceName: `page (${side})`,
  });
}

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { browserRuntime, type Client, ClientError, createClient } from '../../../src/client/index.ts';
import { createSideStorage, type Side } from '../platform/side-storage.ts';
import { openSession, type Session } from '../session/session.ts';

export type SideState =
  /** Looking whether somebody is still signed in from before a reload. */
  | { readonly kind: 'starting' }
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

  const enter = useCallback(async (client: Client) => {
    const { user } = await client.me();
    const isPageVisible = () => document.visibilityState === 'visible';
    const session = openSession(client, browserRuntime(), user, isPageVisible);
    current.current = { client, session };
    setState({ kind: 'signed-in', session });
  }, []);

  useEffect(() => {
    const client = newClient(side);
    if (client.resume()) {
      enter(client).catch((error: unknown) => {
        if (!(error instanceof ClientError)) throw error;
        setState({ kind: 'signed-out' });
      });
    } else {
      setState({ kind: 'signed-out' });
    }
    return () => current.current?.session.close();
  }, [side, enter]);

  return {
    state,
    async logIn(username, password) {
      const client = newClient(side);
      await client.logIn({ username, password });
      await enter(client);
    },
    async register(username, password, nickname) {
      const client = newClient(side);
      await client.register({ username, password, nickname });
      await enter(client);
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

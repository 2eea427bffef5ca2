import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { ClientError, type ClientErrorCode, createClient } from '../../../src/client/index.ts';
import type { DevAccounts } from '../../../src/protocol/http.ts';

export type DemoAccountsState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly accounts: DevAccounts['items'] }
  /** The server is not one for development. */
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly code: ClientErrorCode; again(): void };

/** Asked for once, used by both sides. */
export const DemoAccountsContext = createContext<DemoAccountsState>({ kind: 'loading' });

/** The accounts for trying things out that the server offers. */
export function useDemoAccounts(): DemoAccountsState {
  return useContext(DemoAccountsContext);
}

/** Asks the server for its demo accounts; for the root of the page. */
export function useAskForDemoAccounts(): DemoAccountsState {
  const [state, setState] = useState<DemoAccountsState>({ kind: 'loading' });
  const [attempt, setAttempt] = useState(0);

  // Another attempt asks again.
  useEffect(() => {
    let wanted = true;
    const take = (next: DemoAccountsState) => {
      if (wanted) setState(next);
    };
    setState({ kind: 'loading' });
    createClient({ url: window.location.origin })
      .devAccounts()
      .then(({ items }) => take(items.length === 0 ? { kind: 'none' } : { kind: 'ready', accounts: items }))
      .catch((error: unknown) => {
        if (!(error instanceof ClientError)) throw error;
        const { code } = error;
        if (code === 'not-in-production' || code === 'not-found') take({ kind: 'none' });
        else take({ kind: 'failed', code, again: () => setAttempt((count) => count + 1) });
      });
    return () => {
      wanted = false;
    };
  }, [attempt]);

  return state;
}

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ClientError, type ClientErrorCode } from '../../../src/client/index.ts';

export interface Action<Args extends readonly unknown[]> {
  /** Resolves with whether it succeeded. A second call while the first one runs does nothing. */
  run(...args: Args): Promise<boolean>;
  readonly busy: boolean;
  /** Why the last run failed. */
  readonly failure: ClientErrorCode | undefined;
}

/** Something that a user starts and that may fail: whether it runs, and what went wrong. */
export function useAction<Args extends readonly unknown[]>(
  action: (...args: Args) => Promise<unknown>,
): Action<Args> {
  const latest = useRef(action);
  const running = useRef(false);
  const mounted = useRef(true);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ClientErrorCode | undefined>(undefined);
  latest.current = action;

  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);

  const run = useCallback(async (...args: Args): Promise<boolean> => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setFailure(undefined);
    try {
      await latest.current(...args);
      return true;
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (mounted.current) setFailure(error.code);
      return false;
    } finally {
      running.current = false;
      if (mounted.current) setBusy(false);
    }
  }, []);

  return { run, busy, failure };
}

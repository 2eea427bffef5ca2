import { startHelper } from '../harness/helper-process.ts';

export type ConnectorRequest =
  /** Opens `count` connections; the users of `hellos` take turns. Done when every hello was accepted. */
  | {
      readonly kind: 'open';
      readonly url: string;
      readonly hellos: readonly string[];
      readonly count: number;
    }
  /** Fails when one of them is no longer open. */
  | { readonly kind: 'check' }
  | { readonly kind: 'close' };

export type ConnectorAnswer = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly why: string };

export interface Connector {
  open(url: string, hellos: readonly string[], count: number): Promise<void>;
  check(): Promise<void>;
  close(): Promise<void>;
  end(): Promise<void>;
}

/** Starts the process that holds the clients' ends of all connections. */
export function startConnector(): Connector {
  const helper = startHelper(new URL('./connector-process.ts', import.meta.url));
  const ask = async (request: ConnectorRequest): Promise<void> => {
    helper.process.send(request);
    const answer = await helper.next<ConnectorAnswer>();
    if (answer.kind === 'failed') throw new Error(answer.why);
  };
  return {
    open: (url, hellos, count) => ask({ kind: 'open', url, hellos, count }),
    check: () => ask({ kind: 'check' }),
    close: () => ask({ kind: 'close' }),
    end: () => helper.end(),
  };
}

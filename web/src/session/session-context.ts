import type { Client, ClientOptions, ReadOptions, RequestOptions } from '../../../src/client/index.ts';
import { ClientError } from '../../../src/client/index.ts';
import type { UserId } from '../../../src/domain/ids.ts';
import type { Answers, Takes, WireRequestType } from '../../../src/protocol/requests.ts';
import type { Store } from '../state/store.ts';
import type { SessionState } from './session-state.ts';

/** Clocks, timers, randomness and ids, as the SDK takes them. */
export type Runtime = NonNullable<ClientOptions['runtime']>;

/** What the parts of one side's session share. */
export interface SessionContext {
  readonly client: Client;
  readonly runtime: Runtime;
  readonly store: Store<SessionState>;
  readonly me: UserId;
  /** Carries out a command; reads from now on show its effect. Rejects with `ClientError`. */
  command<Type extends WireRequestType>(
    type: Type,
    data: Takes<Type>,
    options?: RequestOptions,
  ): Promise<Answers<Type>>;
  /** Makes a read show every command of this session so far. */
  afterOwnWrites(): ReadOptions;
  /** Sees to it that the names of these users become known. */
  learnPeople(ids: readonly UserId[]): void;
  /** Says in the page that something could not be loaded. Anything but a `ClientError` is a fault: thrown on. */
  loadFailed(error: unknown): void;
}

/** The context without what needs the context itself. */
export function createCommands(client: Client): Pick<SessionContext, 'command' | 'afterOwnWrites'> {
  let writtenUpTo: bigint | undefined;
  return {
    async command(type, data, options) {
      const accepted = await client.request(type, data, options);
      const position = BigInt(accepted.position);
      if (writtenUpTo === undefined || position > writtenUpTo) writtenUpTo = position;
      return accepted.data;
    },
    afterOwnWrites: () => (writtenUpTo === undefined ? {} : { afterPosition: String(writtenUpTo) }),
  };
}

/** Puts the failure's code into the state, where the page shows it with a way to try again. */
export function createLoadFailed(store: Store<SessionState>): SessionContext['loadFailed'] {
  return (error) => {
    if (!(error instanceof ClientError)) throw error;
    const { code } = error;
    store.update((state) => ({ ...state, loadFailure: code }));
  };
}

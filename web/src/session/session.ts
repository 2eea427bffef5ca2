import type { Client } from '../../../src/client/index.ts';
import type { ConversationId } from '../../../src/domain/ids.ts';
import type { UserView } from '../../../src/protocol/views/user-views.ts';
import { createStore, type Store } from '../state/store.ts';
import { type ChatActions, createChatActions } from './chat-actions.ts';
import { markInboxRead } from './fold-inbox.ts';
import { createFriendActions, type FriendActions } from './friend-actions.ts';
import { createLoaders } from './loaders.ts';
import { createMoneyActions, type MoneyActions } from './money-actions.ts';
import { createPeopleLearner } from './people.ts';
import { handlePushes } from './push-handlers.ts';
import { createCommands, createLoadFailed, type Runtime, type SessionContext } from './session-context.ts';
import { initialState, type SessionState } from './session-state.ts';

/** One signed-in user on one side of the page: what is known, and what can be done. */
export interface Session extends FriendActions, ChatActions, MoneyActions {
  readonly store: Store<SessionState>;
  readonly runtime: Runtime;
  /** The server's time, as far as it is known here. */
  serverNowMs(): number;
  /** The conversation in front of the user: what comes in counts as read while the page is visible. */
  setActive(id: ConversationId | undefined): void;
  /** Reads everything again, after a failure. */
  reload(): void;
  dismissNews(newsId: string): void;
  /** Lets go of the connection; the user stays logged in. */
  close(): void;
}

/** Begins the session of a client that is logged in as `me`: connects and loads. */
export function openSession(
  client: Client,
  runtime: Runtime,
  me: UserView,
  isPageVisible: () => boolean,
): Session {
  const store = createStore(initialState(me));
  const context: SessionContext = {
    client,
    runtime,
    store,
    me: me.userId,
    ...createCommands(client),
    learnPeople: createPeopleLearner(client, store),
    loadFailed: createLoadFailed(store),
  };
  const loaders = createLoaders(context);
  let active: ConversationId | undefined;

  function markActiveRead(id: ConversationId): void {
    if (id !== active || !isPageVisible()) return;
    const seq = store.get().conversations.get(id)?.items?.at(-1)?.seq;
    if (seq === undefined) return;
    const entry = store.get().inbox?.find((candidate) => candidate.conversationId === id);
    if (entry !== undefined && entry.read >= seq) return;
    client.markRead(id, seq);
    store.update((state) =>
      state.inbox === undefined ? state : { ...state, inbox: markInboxRead(state.inbox, id, seq) },
    );
  }

  const stopPushes = handlePushes(context, loaders, markActiveRead);
  const stopConnection = followConnection(context);
  void loaders.everything();

  return {
    store,
    runtime,
    ...createFriendActions(context, loaders),
    ...createChatActions(context, loaders),
    ...createMoneyActions(context, loaders),
    serverNowMs: () => runtime.clock.nowMs() + store.get().clockOffsetMs,
    setActive(id) {
      active = id;
      if (id === undefined) return;
      void loaders.conversation(id).then(() => markActiveRead(id));
    },
    reload: () => void loaders.everything(),
    dismissNews(newsId) {
      store.update((state) => (state.news?.newsId === newsId ? { ...state, news: undefined } : state));
    },
    close() {
      stopPushes();
      stopConnection();
      client.disconnect();
    },
  };
}

/** Keeps `connection` in step with the client's. */
function followConnection({ client, runtime, store }: SessionContext): () => void {
  const off = [
    client.on('connected', ({ user, serverTimeMs }) => {
      const clockOffsetMs = serverTimeMs - runtime.clock.nowMs();
      store.update((state) => ({ ...state, me: user, clockOffsetMs, connection: { kind: 'online' } }));
    }),
    client.on('disconnected', ({ retryInMs }) => {
      const retryAtMs = runtime.clock.nowMs() + (retryInMs ?? 0);
      store.update((state) => ({
        ...state,
        // Where the session has ended too, that is told right after this.
        connection: retryInMs === null ? { kind: 'stopped' } : { kind: 'waiting', retryAtMs },
      }));
    }),
    client.on('sessionEnded', () => {
      store.update((state) => ({ ...state, connection: { kind: 'ended' } }));
    }),
  ];
  // Its failure is told by the events above.
  client.connect().catch(() => undefined);
  return () => {
    for (const stop of off) stop();
  };
}

import { limits } from '../config/limits.ts';
import type { ConversationId } from '../domain/ids.ts';
import type { Session } from '../protocol/http.ts';
import type { PushFrame } from '../protocol/pushes.ts';
import type { TimerHandle } from '../runtime/runtime.ts';
import { AckSender } from './ack-sender.ts';
import type { Client, ClientEvents, ClientOptions, ClientSession } from './api.ts';
import { browserRuntime } from './browser-runtime.ts';
import { ClientError } from './client-error.ts';
import { Emitter } from './emitter.ts';
import { httpApi } from './http-api.ts';
import { MessageOrder } from './message-order.ts';
import { PendingRequests } from './pending-requests.ts';
import { clientQueries } from './queries.ts';
import { ServerClock } from './server-clock.ts';
import { ServerConnection } from './server-connection.ts';
import { SessionKeeper, sessionOf } from './session-keeper.ts';

/**
 * A client of one server for one user at a time. See `Client` for what it does; nothing happens before a login
 * (or `resume`) and `connect`.
 */
export function createClient(options: ClientOptions): Client {
  const runtime = options.runtime ?? browserRuntime();
  const deviceName = options.deviceName ?? 'sdk';
  const http = httpApi(options.url, options.fetch ?? fetch, runtime.timers);
  const events = new Emitter<ClientEvents>();
  const serverClock = new ServerClock(runtime.clock);
  const session = new SessionKeeper({
    http,
    clock: runtime.clock,
    serverClock,
    storage: options.storage,
    onEnded: (reason) => sessionEnded(reason),
  });
  const queries = clientQueries(http, session);
  const connection = new ServerConnection({
    url: new URL('/ws', options.url).href.replace(/^http/, 'ws'),
    runtime,
    serverClock,
    session,
    webSocket: options.webSocket ?? WebSocket,
    cursors: () => order.cursors(),
    onConnected(hello) {
      pending.flush();
      acks.start();
      const wasAway = wasConnected;
      wasConnected = true;
      events.emit('connected', { user: hello.user, serverTimeMs: hello.serverTimeMs });
      // The hello brings the messages that were missed, and nothing else.
      if (wasAway) events.emit('resync', { conversationId: null, from: null });
    },
    onReply: (reply) => pending.receive(reply),
    onPush: receivePush,
    onDisconnected(end) {
      pending.connectionLost();
      acks.pause();
      // Nobody is going to answer what is under way.
      if (end.retryInMs === null) pending.rejectAll('The client is not connected any more.');
      events.emit('disconnected', end);
    },
    onEnded: (reason) => sessionEnded(reason),
  });
  const pending = new PendingRequests(runtime, (frame) => connection.send(frame));
  // Of one session each: the next user of this client begins with new ones.
  let order = newOrder();
  let acks = newAcks();
  let storing: TimerHandle | undefined;
  /** The next connection is not the first one of the session. */
  let wasConnected = false;

  function newOrder(): MessageOrder {
    return new MessageOrder({
      runtime,
      queries,
      onMessage(message) {
        acks.delivered(message.conversationId, message.seq);
        events.emit('message', message);
      },
      onCursor: storeCursorsSoon,
    });
  }

  function newAcks(): AckSender {
    return new AckSender(runtime, (data) => pending.request('ack', data));
  }

  function cursorsKey(): string {
    return `hongbao.cursors.${session.current?.userId ?? ''}`;
  }

  function storeCursors(): void {
    storing?.cancel();
    storing = undefined;
    if (session.current === undefined) return;
    options.storage?.setItem(cursorsKey(), JSON.stringify(order.cursors()));
  }

  /** A burst of messages is stored once. What a crash before that leaves out comes again, to a new client. */
  function storeCursorsSoon(): void {
    if (options.storage === undefined) return;
    storing ??= runtime.timers.after(limits.client.ackWindowMs, storeCursors);
  }

  function receivePush(push: PushFrame) {
    switch (push.type) {
      case 'message':
        return order.receive(push.data);
      case 'resync':
        if (push.data.conversationId === null) void order.resyncAll();
        else order.resync(push.data.conversationId, push.data.from);
        return events.emit('resync', push.data);
      case 'goingAway':
        return;
      case 'receipt':
        return events.emit('receipt', push.data);
      case 'friend':
        return events.emit('friend', push.data);
      case 'group':
        return events.emit('group', push.data);
      case 'wallet':
        return events.emit('wallet', push.data);
      case 'packet':
        return events.emit('packet', push.data);
      case 'account':
        return events.emit('account', push.data);
    }
  }

  function beginSession(begun: ClientSession, origin: 'issued' | 'kept' = 'issued'): ClientSession {
    forgetSession('Another session has begun.');
    if (origin === 'issued') session.begin(begun);
    else session.resume(begun);
    const stored = options.storage?.getItem(cursorsKey());
    if (stored !== null && stored !== undefined) order.restore(parseCursors(stored));
    // What was received before a crash may not have been acknowledged. Where it was, this changes nothing.
    for (const [id, seq] of Object.entries(order.cursors())) acks.delivered(id as ConversationId, seq);
    return begun;
  }

  /** Leaves nothing of the last session behind. */
  function forgetSession(why: string): void {
    connection.close();
    pending.rejectAll(why);
    if (storing !== undefined) storeCursors();
    order.stop();
    acks.stop();
    session.end();
    order = newOrder();
    acks = newAcks();
    wasConnected = false;
  }

  function sessionEnded(reason: string): void {
    forgetSession('The session has ended.');
    events.emit('sessionEnded', { reason });
  }

  function post<Answer>(path: string, body: unknown): Promise<Answer> {
    return session.authorized((accessToken) => http<Answer>({ method: 'POST', path, body, accessToken }));
  }

  const client: Client = {
    ...queries,
    get state() {
      return connection.state;
    },
    get session() {
      return session.current;
    },

    async register(account) {
      const body = { ...account, deviceName };
      return beginSession(sessionOf(await http<Session>({ method: 'POST', path: '/api/register', body })));
    },

    async logIn(account) {
      const body = { ...account, deviceName };
      return beginSession(sessionOf(await http<Session>({ method: 'POST', path: '/api/login', body })));
    },

    resume(given) {
      const kept = given ?? session.stored();
      if (kept !== undefined) beginSession(kept, 'kept');
      return session.current !== undefined;
    },

    async logOut() {
      if (session.current === undefined) return;
      const { deviceId } = session.current;
      connection.close();
      session.unstore();
      const key = cursorsKey();
      try {
        await session.authorized((accessToken) =>
          http<undefined>({ method: 'POST', path: '/api/logout', accessToken }),
        );
      } finally {
        // Somebody may have logged in meanwhile.
        if (session.current?.deviceId === deviceId) forgetSession('Logged out.');
        options.storage?.removeItem(key);
      }
    },

    changePassword: (oldPassword, newPassword) => post('/api/password', { oldPassword, newPassword }),
    setPaymentPin: (pin, password) => post('/api/payment-pin', { pin, password }),
    changePaymentPin: (oldPin, pin) => post('/api/payment-pin/change', { oldPin, pin }),
    verifyPaymentPin: (pin) => post('/api/payment-pin/verify', { pin }),

    connect() {
      if (session.current === undefined) return Promise.reject(closed('There is no session: log in first.'));
      if (connection.state === 'connected') return Promise.resolve();
      return new Promise((resolve, reject) => {
        const stop = [
          events.on('connected', () => settle(resolve)),
          events.on('sessionEnded', ({ reason }) => settle(() => reject(closed(reason)))),
          events.on('disconnected', ({ reason, retryInMs }) => {
            if (retryInMs === null) settle(() => reject(closed(reason)));
          }),
        ];
        const settle = (finish: () => void): void => {
          for (const one of stop) one();
          finish();
        };
        connection.open();
      });
    },

    disconnect() {
      connection.close();
      if (storing !== undefined) storeCursors();
    },

    request(type, data, requestOptions) {
      if (connection.state === 'idle' || connection.state === 'ended') {
        return Promise.reject(closed('The client is not connected.'));
      }
      return pending.request(type, data, requestOptions);
    },

    markRead: (conversationId, seq) => acks.read(conversationId, seq),

    on: (type, listener) => events.on(type, listener),

    next(type, accept = () => true, timeoutMs = limits.client.nextMs) {
      return new Promise((resolve, reject) => {
        const stop = events.on(type, (event) => {
          if (!accept(event)) return;
          timer.cancel();
          stop();
          resolve(event);
        });
        const timer = runtime.timers.after(timeoutMs, () => {
          stop();
          reject(new Error(`no such ${type} event within ${timeoutMs} ms`));
        });
      });
    },
  };
  return client;
}

function closed(message: string): ClientError {
  return new ClientError({ code: 'closed', message, temporary: false });
}

/** Cursors of the storage; none when they cannot be read: the server then begins where its user has read to. */
function parseCursors(text: string): Record<string, number> {
  try {
    return JSON.parse(text) as Record<string, number>;
  } catch {
    return {};
  }
}

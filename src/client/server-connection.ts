/**
 * The one WebSocket of a client, opened again and again:
 *
 *     idle ──open()──► connecting ──hello answered──► connected
 *                        ▲    │                          │
 *        delay over, or  │    │ refused, timed out       │ broken, silent, closed by the server
 *        open() again    │    ▼                          ▼
 *                       waiting ◄────────────────────────┘
 *
 *     any ──close code says so, or the session cannot be refreshed──► ended
 *     any ──close(), or close code says that another try would end the same way──► idle
 *
 * The delay of `waiting` is the server's own where it has named one (goingAway), else exponential with jitter.
 * Every attempt has a number: what comes late from an older one is ignored.
 */
import { limits } from '../config/limits.ts';
import { type AfterClose, afterClose } from '../protocol/close-codes.ts';
import type { ClientFrame, ControlAnswers, ReplyFrame, ServerFrame } from '../protocol/frames.ts';
import type { PushFrame } from '../protocol/pushes.ts';
import { protocolVersion } from '../protocol/version.ts';
import { backoffMs } from '../runtime/backoff.ts';
import type { Runtime, TimerHandle } from '../runtime/runtime.ts';
import { ClientError } from './client-error.ts';
import type { ServerClock } from './server-clock.ts';
import type { SessionKeeper } from './session-keeper.ts';

export interface ServerConnectionOptions {
  /** Such as `ws://127.0.0.1:8080/ws`. */
  readonly url: string;
  readonly runtime: Runtime;
  readonly serverClock: ServerClock;
  readonly session: SessionKeeper;
  readonly webSocket: new (url: string) => WebSocket;
  /** What the hello presents. */
  readonly cursors: () => Record<string, number>;
  readonly onConnected: (hello: ControlAnswers<'hello'>) => void;
  readonly onReply: (reply: ReplyFrame) => void;
  readonly onPush: (push: PushFrame) => void;
  /** `retryInMs` is `null` when there will be no further attempt: the next one is the application's to begin. */
  readonly onDisconnected: (end: { code: number; reason: string; retryInMs: number | null }) => void;
  /** The server ended the session. */
  readonly onEnded: (reason: string) => void;
}

/** Replies to these are the connection's own. Commands count up from `firstRequestId`. */
const helloId = 0;
const pingId = 1;
const reauthenticateId = 2;
export const firstRequestId = 10;

/** Reported for connections that the client itself gave up. */
const brokenCode = 1006;

export class ServerConnection {
  readonly #options: ServerConnectionOptions;
  #state: 'idle' | 'connecting' | 'connected' | 'waiting' | 'ended' = 'idle';
  #attempt = 0;
  /** Attempts in a row that did not get to `connected`. */
  #failures = 0;
  #socket: WebSocket | undefined;
  #token = '';
  #heardAtMs = 0;
  #heartbeatMs = 0;
  #pinged = false;
  /** The server's own delay, once it has named one. */
  #reconnectAfterMs: number | undefined;
  /** The deadline of the state: of the hello, the next heartbeat, or the end of the wait. */
  #timer: TimerHandle | undefined;
  #reauthenticateTimer: TimerHandle | undefined;

  constructor(options: ServerConnectionOptions) {
    this.#options = options;
  }

  get state() {
    return this.#state;
  }

  /** Connects, or, while waiting, connects at once. */
  open(): void {
    if (this.#state === 'connecting' || this.#state === 'connected') return;
    this.#startAttempt();
  }

  /** Closes, for good. */
  close(): void {
    const wasOpen = this.#state === 'connecting' || this.#state === 'connected' || this.#state === 'waiting';
    this.#abandon();
    if (this.#state !== 'ended') this.#state = 'idle';
    if (wasOpen) this.#options.onDisconnected({ code: 1000, reason: 'closed', retryInMs: null });
  }

  /** Whether the frame went out: only while connected. */
  send(frame: ClientFrame): boolean {
    if (this.#state !== 'connected' || this.#socket?.readyState !== webSocketOpen) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #startAttempt(): void {
    this.#abandon();
    this.#state = 'connecting';
    const attempt = this.#attempt;
    this.#timer = this.#options.runtime.timers.after(limits.client.connectMs, () =>
      this.#lost(attempt, brokenCode, 'the server did not answer in time'),
    );
    this.#options.session.accessToken().then(
      (token) => {
        if (attempt === this.#attempt) this.#openSocket(attempt, token);
      },
      (error: unknown) => {
        if (attempt !== this.#attempt) return;
        const isOver = error instanceof ClientError && !error.temporary;
        if (isOver) this.#end(brokenCode, error.message);
        else this.#lost(attempt, brokenCode, 'no access token could be had');
      },
    );
  }

  #openSocket(attempt: number, token: string): void {
    this.#token = token;
    let socket: WebSocket;
    try {
      socket = new this.#options.webSocket(this.#options.url);
    } catch (error) {
      this.#lost(attempt, brokenCode, error instanceof Error ? error.message : String(error));
      return;
    }
    this.#socket = socket;
    socket.onopen = () => {
      if (attempt !== this.#attempt) return;
      const data = { protocol: protocolVersion, token, cursors: this.#options.cursors() };
      const hello: ClientFrame = { id: helloId, type: 'hello', data };
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = ({ data }) => {
      if (attempt === this.#attempt && typeof data === 'string') this.#receive(data);
    };
    socket.onclose = ({ code, reason }) => this.#lost(attempt, code, reason);
    // A close event follows every error.
    socket.onerror = () => undefined;
  }

  #receive(text: string): void {
    this.#heardAtMs = this.#options.runtime.clock.monotonicMs();
    this.#pinged = false;
    const parsed = JSON.parse(text) as ServerFrame | ServerFrame[];
    const attempt = this.#attempt;
    for (const frame of Array.isArray(parsed) ? parsed : [parsed]) {
      this.#receiveFrame(frame);
      // A listener may have closed the connection.
      if (attempt !== this.#attempt) return;
    }
  }

  #receiveFrame(frame: ServerFrame) {
    if (!('id' in frame)) {
      if (frame.type === 'goingAway') this.#reconnectAfterMs = frame.data.reconnectAfterMs;
      else this.#options.onPush(frame);
      return;
    }
    if (frame.id === null || frame.id >= firstRequestId) return this.#options.onReply(frame);
    // A refused hello is followed by the close that says what to do.
    if (frame.id === helloId && frame.ok) this.#greeted(frame.data as ControlAnswers<'hello'>);
    if (frame.id === reauthenticateId && frame.ok) {
      const { tokenExpiresAtMs } = frame.data as ControlAnswers<'reauthenticate'>;
      this.#reauthenticateBefore(tokenExpiresAtMs);
    }
  }

  #greeted(hello: ControlAnswers<'hello'>): void {
    this.#state = 'connected';
    this.#failures = 0;
    this.#heartbeatMs = hello.heartbeatMs;
    this.#timer?.cancel();
    this.#watch(this.#attempt, this.#heartbeatMs);
    this.#options.serverClock.learn(hello.serverTimeMs);
    this.#reauthenticateBefore(hello.tokenExpiresAtMs);
    this.#options.onConnected(hello);
  }

  /** Pings a silent server; gives it up when it stays silent. */
  #watch(attempt: number, delayMs: number) {
    this.#timer = this.#options.runtime.timers.after(delayMs, () => {
      if (attempt !== this.#attempt) return;
      const silentMs = this.#options.runtime.clock.monotonicMs() - this.#heardAtMs;
      if (silentMs < this.#heartbeatMs) return this.#watch(attempt, this.#heartbeatMs - silentMs);
      if (this.#pinged) return this.#lost(attempt, brokenCode, 'the server is silent');
      this.#pinged = true;
      this.send({ id: pingId, type: 'ping', data: {} });
      this.#watch(attempt, limits.client.pongMs);
    });
  }

  #reauthenticateBefore(tokenExpiresAtMs: number): void {
    const attempt = this.#attempt;
    this.#reauthenticateTimer?.cancel();
    const { freshTokenMs, refreshBeforeMs } = limits.client;
    const leftMs = this.#options.serverClock.leftMs(tokenExpiresAtMs);
    // Never at once: an answer that always looks too old would make a loop of this.
    const delayMs = Math.max(freshTokenMs, leftMs - refreshBeforeMs / 2);
    this.#reauthenticateTimer = this.#options.runtime.timers.after(delayMs, () => {
      this.#options.session.accessToken().then(
        (token) => {
          if (attempt !== this.#attempt) return;
          this.#token = token;
          this.send({ id: reauthenticateId, type: 'reauthenticate', data: { token } });
        },
        // The connection is closed when the old token expires; what then is decided there.
        () => undefined,
      );
    });
  }

  #lost(attempt: number, code: number, reason: string) {
    if (attempt !== this.#attempt) return;
    const reaction: AfterClose = afterClose(code);
    if (reaction === 'end') return this.#end(code, reason);
    if (reaction === 'stop') return this.#stop(code, reason);
    if (reaction === 'refresh') this.#options.session.accessTokenRefused(this.#token);
    this.#abandon();
    this.#state = 'waiting';
    const { random, timers } = this.#options.runtime;
    const { reconnectDelayMsMin, reconnectDelayMsMax } = limits.client;
    const retryInMs =
      this.#reconnectAfterMs ?? backoffMs(this.#failures, reconnectDelayMsMin, reconnectDelayMsMax, random);
    this.#reconnectAfterMs = undefined;
    this.#failures += 1;
    this.#timer = timers.after(retryInMs, () => this.#startAttempt());
    this.#options.onDisconnected({ code, reason, retryInMs });
  }

  /** Tries no more. The session stays: another version of this client may go on with it. */
  #stop(code: number, reason: string): void {
    this.#abandon();
    this.#state = 'idle';
    this.#options.onDisconnected({ code, reason, retryInMs: null });
  }

  #end(code: number, reason: string): void {
    this.#abandon();
    this.#state = 'ended';
    this.#options.onDisconnected({ code, reason, retryInMs: null });
    this.#options.onEnded(reason);
  }

  /** Drops whatever the current attempt has. */
  #abandon(): void {
    this.#attempt += 1;
    this.#timer?.cancel();
    this.#reauthenticateTimer?.cancel();
    this.#pinged = false;
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined && socket.readyState <= webSocketOpen) socket.close(1000);
  }
}

/** `WebSocket.OPEN`; an injected implementation need not carry the constant. */
const webSocketOpen = 1;

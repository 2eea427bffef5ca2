import { limits } from '../config/limits.ts';
import type { Session } from '../protocol/http.ts';
import type { Clock } from '../runtime/runtime.ts';
import type { ClientSession, ClientStorage } from './api.ts';
import { ClientError } from './client-error.ts';
import type { HttpApi } from './http-api.ts';
import type { ServerClock } from './server-clock.ts';

const storageKey = 'hongbao.session';

/**
 * The session of one client: its tokens, kept fresh, and kept in the storage. Several clients may share that, one
 * after the other: each writes and removes there what is its own.
 *
 * A refresh token is good for one exchange, so that exchanges never overlap: everyone who needs a token
 * meanwhile waits for the same one.
 */
export class SessionKeeper {
  readonly #http: HttpApi;
  readonly #clock: Clock;
  readonly #serverClock: ServerClock;
  readonly #storage: ClientStorage | undefined;
  readonly #onEnded: (reason: string) => void;
  #session: ClientSession | undefined;
  #refreshing: Promise<string> | undefined;
  /** The server refused the access token, whatever its expiry says. */
  #refused = false;
  /** Monotonic: until then the access token counts as fresh, whatever its expiry says. */
  #freshUntilMs = 0;

  constructor(options: {
    readonly http: HttpApi;
    readonly clock: Clock;
    readonly serverClock: ServerClock;
    readonly storage: ClientStorage | undefined;
    readonly onEnded: (reason: string) => void;
  }) {
    this.#http = options.http;
    this.#clock = options.clock;
    this.#serverClock = options.serverClock;
    this.#storage = options.storage;
    this.#onEnded = options.onEnded;
  }

  get current(): ClientSession | undefined {
    return this.#session;
  }

  /** Begins with a session that the server has just issued. */
  begin(session: ClientSession): void {
    this.#hold(session, limits.client.freshTokenMs);
    this.#store(session);
  }

  /** Begins with a session from an earlier time. */
  resume(session: ClientSession): void {
    this.#hold(session, 0);
    this.#store(session);
  }

  /** The session in the storage. */
  stored(): ClientSession | undefined {
    const text = this.#storage?.getItem(storageKey);
    if (text === null || text === undefined) return undefined;
    try {
      return JSON.parse(text) as ClientSession;
    } catch {
      this.#storage?.removeItem(storageKey);
      return undefined;
    }
  }

  /** Forgets the session. */
  end(): void {
    this.unstore();
    this.#session = undefined;
  }

  /** The session goes on, but not beyond this process. */
  unstore(): void {
    if (this.#isStored()) this.#storage?.removeItem(storageKey);
  }

  /** The next `accessToken` is a new one. */
  accessTokenRefused(token: string): void {
    if (this.#session?.tokens.accessToken === token) this.#refused = true;
  }

  /** An access token with some life left. Rejects with `closed` when there is no session (any more). */
  accessToken(): Promise<string> {
    const session = this.#session;
    if (session === undefined) return Promise.reject(sessionOver());
    const isFresh = this.#clock.monotonicMs() < this.#freshUntilMs;
    const leftMs = this.#serverClock.leftMs(session.tokens.accessExpiresAtMs);
    if (!this.#refused && (isFresh || leftMs > limits.client.refreshBeforeMs)) {
      return Promise.resolve(session.tokens.accessToken);
    }
    this.#refreshing ??= this.#refresh(session).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Runs a request with the access token, and once more with a new one when the server refuses the first. */
  async authorized<Answer>(send: (accessToken: string) => Promise<Answer>): Promise<Answer> {
    const token = await this.accessToken();
    try {
      return await send(token);
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'unauthenticated') throw error;
      this.accessTokenRefused(token);
      return send(await this.accessToken());
    }
  }

  /** Goes on with fresh tokens. */
  #renew(session: ClientSession): void {
    const isStored = this.#isStored();
    this.#hold(session, limits.client.freshTokenMs);
    if (isStored) this.#store(session);
  }

  #hold(session: ClientSession, freshMs: number): void {
    this.#session = session;
    this.#refused = false;
    this.#freshUntilMs = this.#clock.monotonicMs() + freshMs;
  }

  #store(session: ClientSession): void {
    this.#storage?.setItem(storageKey, JSON.stringify(session));
  }

  /** Whether the storage holds this session, and not that of whoever has logged in there since. */
  #isStored(): boolean {
    return this.#session !== undefined && this.stored()?.deviceId === this.#session.deviceId;
  }

  async #refresh(session: ClientSession): Promise<string> {
    try {
      const { refreshToken } = session.tokens;
      const answer = await this.#http<Session>({
        method: 'POST',
        path: '/api/refresh',
        body: { refreshToken },
      });
      // Logged out or in as somebody else meanwhile: this answer is nobody's.
      if (this.#session !== session) throw sessionOver();
      this.#renew(sessionOf(answer));
      return answer.tokens.accessToken;
    } catch (error) {
      const isRefused = error instanceof ClientError && !error.temporary;
      if (isRefused && this.#session === session) {
        this.end();
        this.#onEnded(error.message);
      }
      throw error;
    }
  }
}

export function sessionOf({ user, deviceId, tokens }: Session): ClientSession {
  return { userId: user.userId, deviceId, tokens };
}

function sessionOver(): ClientError {
  return new ClientError({ code: 'closed', message: 'There is no session: log in first.', temporary: false });
}

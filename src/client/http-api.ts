import { limits } from '../config/limits.ts';
import type { ErrorBody } from '../protocol/errors.ts';
import type { Timers } from '../runtime/runtime.ts';
import { ClientError } from './client-error.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Such as `/api/me`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly accessToken?: string;
}

/** Sends one request and answers its JSON. Rejects with `ClientError`: the server's error, or `network`. */
export type HttpApi = <Answer>(request: HttpRequest) => Promise<Answer>;

export function httpApi(origin: string, doFetch: typeof fetch, timers: Timers): HttpApi {
  return async <Answer>({ method, path, query, body, accessToken }: HttpRequest): Promise<Answer> => {
    const url = new URL(path, origin);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const aborter = new AbortController();
    const timer = timers.after(limits.client.httpMs, () => aborter.abort());
    try {
      const response = await doFetch(url, {
        method,
        signal: aborter.signal,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw errorOf(response.status, text);
      return (text === '' ? undefined : JSON.parse(text)) as Answer;
    } catch (error) {
      if (error instanceof ClientError) throw error;
      throw networkError(error instanceof Error ? error.message : String(error));
    } finally {
      timer.cancel();
    }
  };
}

export function networkError(message: string): ClientError {
  return new ClientError({ code: 'network', message, temporary: true });
}

/** What the server said went wrong; something in between (a proxy) may have said it in words of its own. */
function errorOf(status: number, text: string): ClientError {
  try {
    const { error } = JSON.parse(text) as ErrorBody;
    return new ClientError(error);
  } catch {
    return networkError(`The server answered with status ${status}.`);
  }
}

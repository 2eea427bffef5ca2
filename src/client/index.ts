/** The TypeScript SDK: for browsers and Node. */
export type {
  Accepted,
  Client,
  ClientErrorCode,
  ClientEvents,
  ClientEventType,
  ClientOptions,
  ClientQueries,
  ClientSession,
  ClientStorage,
  PageOptions,
  ReadOptions,
  RequestOptions,
} from './api.ts';
export { browserRuntime } from './browser-runtime.ts';
export { createClient } from './client.ts';
export { ClientError } from './client-error.ts';

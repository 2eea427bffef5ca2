/**
 * Why the gateway closes a WebSocket, and what the client does then:
 * - `again`: reconnect after a delay with jitter (the server's own delay where a `goingAway` push named one);
 * - `refresh`: get a new access token first;
 * - `stop`: a new connection would end the same way, since the client is broken or too old. Its session is as good as
 *   before;
 * - `end`: the session is over: log in again.
 *
 * Every other code (1006 above all: the connection broke) means `again`.
 */
export const closeCodes = {
  goingAway: { code: 1001, client: 'again', meaning: 'The server is stopping.' },
  internal: { code: 1011, client: 'again', meaning: 'A fault of the server.' },
  protocolViolation: {
    code: 4400,
    client: 'stop',
    meaning: 'The client broke the protocol: a binary message, or something other than a hello first.',
  },
  tokenRejected: {
    code: 4401,
    client: 'refresh',
    meaning: 'The access token was not valid, or expired during the connection.',
  },
  sessionRevoked: {
    code: 4403,
    client: 'end',
    meaning: 'The device was logged out, the account closed or frozen.',
  },
  helloTimeout: { code: 4408, client: 'again', meaning: 'No hello came within the deadline.' },
  tooLarge: { code: 1009, client: 'stop', meaning: 'A message was larger than the gateway takes.' },
  versionNotServed: {
    code: 4426,
    client: 'stop',
    meaning: 'The gateway does not serve this protocol version: the client must be updated.',
  },
  tooManyConnections: {
    code: 4429,
    client: 'again',
    meaning: 'The user, the address or the server has as many connections as it may.',
  },
  silent: { code: 4480, client: 'again', meaning: 'Nothing was heard of the client for two heartbeats.' },
  tooSlow: {
    code: 4481,
    client: 'again',
    meaning: 'The client read more slowly than its updates came, even after they were collapsed.',
  },
  tooFast: {
    code: 4482,
    client: 'again',
    meaning: 'The client went on sending far more than it may.',
  },
} as const satisfies Record<string, CloseCodeEntry>;

interface CloseCodeEntry {
  readonly code: number;
  readonly client: AfterClose;
  readonly meaning: string;
}

export type AfterClose = 'again' | 'refresh' | 'stop' | 'end';
export type CloseReason = keyof typeof closeCodes;

/** What a client does after its connection was closed with `code`. */
export function afterClose(code: number): AfterClose {
  for (const entry of Object.values(closeCodes)) if (entry.code === code) return entry.client;
  return 'again';
}

/** Calls of services for which the published client has no functions of its own, with its messages. */
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import {
  frameOf,
  readFrames,
  type Serializable,
} from '../../../../infra/eventstore/embedded/grpc/grpc-frames.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export const admin: Credentials = { username: 'admin', password: 'changeit' };
export const ops: Credentials = { username: 'ops', password: 'changeit' };

export interface Answer<Message> {
  readonly status: number;
  readonly trailers: IncomingHttpHeaders;
  readonly messages: Message[];
}

interface MessageType<Message> {
  deserializeBinary(bytes: Uint8Array): Message;
}

export const basic = ({ username, password }: Credentials): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** A connection of its own to the node on `port`. */
export function rawConnection(port: number): RawConnection {
  return new RawConnection(connect(`http://127.0.0.1:${port}`));
}

/** The same over TLS. */
export function secureConnection(port: number, authority: string): RawConnection {
  return new RawConnection(connect(`https://127.0.0.1:${port}`, { ca: authority }));
}

export class RawConnection {
  readonly #session: ClientHttp2Session;

  constructor(session: ClientHttp2Session) {
    this.#session = session;
    session.on('error', () => {});
  }

  /** Sends the requests and resolves when the call has ended. */
  async call<Message>(
    path: string,
    type: MessageType<Message>,
    requests: Serializable | readonly Serializable[],
    authorization?: string | Credentials,
  ): Promise<Answer<Message>> {
    const messages: Message[] = [];
    const answer = this.open(path, type, requests, authorization);
    for await (const message of answer.messages) messages.push(message);
    return { ...(await answer.ended), messages };
  }

  /** As `call`, for answers that do not end by themselves. */
  open<Message>(
    path: string,
    type: MessageType<Message>,
    requests: Serializable | readonly Serializable[],
    authorization?: string | Credentials,
  ) {
    const header = typeof authorization === 'object' ? basic(authorization) : authorization;
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(header !== undefined && { authorization: header }),
    });
    stream.on('error', () => {});
    const ended = new Promise<Omit<Answer<Message>, 'messages'>>((resolve) => {
      const end = (trailers: IncomingHttpHeaders): void => {
        if (trailers['grpc-status'] !== undefined)
          resolve({ status: Number(trailers['grpc-status']), trailers });
      };
      stream.on('response', end);
      stream.on('trailers', end);
    });
    stream.end(Buffer.concat([requests].flat().map((request) => frameOf(request))));
    async function* messages(): AsyncGenerator<Message> {
      for await (const bytes of readFrames(stream, 16 * 1024 * 1024)) yield type.deserializeBinary(bytes);
    }
    return { messages: messages(), ended, cancel: () => stream.close() };
  }

  close(): void {
    this.#session.destroy();
  }
}

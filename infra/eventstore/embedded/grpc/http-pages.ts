/** What the node answers to plain HTTP, version 1.1 or 2, beside gRPC: a few pages to read. */
import { createServer, type Server } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { limits } from '../../../../src/config/limits.ts';
import type { Timers } from '../../../../src/runtime/runtime.ts';

export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The pages by path. */
export type Pages = ReadonlyMap<string, () => Page>;

/** What a request gets. Queries are ignored. */
export function pageFor(pages: Pages, method = '', path = ''): Page {
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'this can only be read');
  const [name = ''] = path.split('?', 1);
  return pages.get(name)?.() ?? plain(404, 'there is no such page');
}

const plain = (status: number, body: string): Page => ({
  status,
  contentType: 'text/plain',
  body: `${body}\n`,
});

/** Answers over HTTP/1.1 on sockets that are handed to it. A connection has one request and a deadline for it. */
export function http1Server(pages: Pages, timers: Timers): Server {
  const server = createServer({ maxHeaderSize: limits.eventNode.httpHeaderBytesMax }, (request, response) => {
    const page = pageFor(pages, request.method, request.url);
    response.writeHead(page.status, {
      'content-type': page.contentType,
      'content-length': Buffer.byteLength(page.body),
      connection: 'close',
    });
    response.end(request.method === 'HEAD' ? undefined : page.body);
  });
  server.on('connection', (socket) => {
    const deadline = timers.after(limits.eventNode.httpConnectionMs, () => socket.destroy());
    socket.on('close', () => deadline.cancel());
  });
  return server;
}

/** Answers over HTTP/2. */
export function answerHttp2(stream: ServerHttp2Stream, method: string | undefined, page: Page): void {
  stream.respond({ ':status': page.status, 'content-type': page.contentType });
  stream.end(method === 'HEAD' ? undefined : page.body);
  stream.resume();
}

import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { limits } from '../../../../src/config/limits.ts';
import type { TimerHandle, Timers } from '../../../../src/runtime/runtime.ts';
import { anonymous, type Caller } from '../access/caller.ts';
import { BudgetShare, type ByteBudget } from './byte-budget.ts';
import { readFrames } from './grpc-frames.ts';
import { GrpcError, grpcMessage, grpcStatus, invalidArgument } from './grpc-status.ts';

/** What all calls of a server share. */
export interface CallResources {
  readonly timers: Timers;
  /** For messages of which not all bytes have come. */
  readonly incomplete: ByteBudget;
}

/**
 * One gRPC call on the server's side.
 *
 *     open --write()--> answering --end()--> ended
 *       \--------------end()----------------/   (only trailers)
 *
 * The peer may reset the stream in any state: `signal` aborts, writes are dropped, reading ends.
 */
export class GrpcCall {
  /** Aborts when the call is over, for whichever reason. */
  readonly signal: AbortSignal;
  readonly headers: IncomingHttpHeaders;
  /** Who makes it; known before its handler runs. */
  caller: Caller = anonymous;
  readonly #stream: ServerHttp2Stream;
  readonly #gone = new AbortController();
  readonly #timers: Timers;
  readonly #incomplete: BudgetShare;
  /** Until when the message that is coming in, or the request of the call, must be whole. */
  #deadline: TimerHandle | undefined;
  #state: 'open' | 'answering' | 'ended' = 'open';
  #drained = Promise.withResolvers<void>();
  #corked = false;

  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    { timers, incomplete }: CallResources,
  ) {
    this.#stream = stream;
    this.headers = headers;
    this.#timers = timers;
    this.#incomplete = new BudgetShare(incomplete);
    this.signal = this.#gone.signal;
    // From the start: a drain that fires before anybody listens is lost, and its writer waits for ever.
    stream.on('drain', () => this.#releaseWriters());
    stream.on('error', () => this.#abandon());
    stream.on('aborted', () => this.#abandon());
    stream.on('close', () => this.#abandon());
  }

  /** The node's end of the connection. */
  get localEnd(): Pick<Socket, 'localAddress' | 'localPort'> {
    return this.#stream.session?.socket ?? {};
  }

  /**
   * The request's messages, each of at most `bytesMax`. Ends early when the peer goes away, and then `signal` is
   * aborted. Throws `GrpcError` for bad framing. A message that takes too long to come in ends the call.
   */
  async *messages(
    bytesMax: number = limits.eventNode.requestBytesMax,
  ): AsyncGenerator<Buffer, void, undefined> {
    // Not the stream's own iterator: that destroys the stream when a handler stops reading before the end.
    const chunks = this.#stream.iterator({ destroyOnReturn: false });
    try {
      yield* readFrames(chunks, bytesMax, {
        complete: () => this.#stopDeadline(),
        incomplete: (bytes) => {
          this.#incomplete.set(Math.max(0, bytes - limits.eventNode.incompleteBytesFree));
          if (bytes > 0) this.#startDeadline();
        },
      });
      // A stream that the peer resets ends like one that it finished; only the reset code tells them apart.
      if (this.#stream.rstCode !== constants.NGHTTP2_NO_ERROR) this.#abandon();
    } catch (error) {
      if (!this.signal.aborted) throw error;
    } finally {
      this.#stopDeadline();
      this.#incomplete.release();
    }
  }

  /** The one message of a unary or server-streaming call; undefined when there is none. */
  async message(): Promise<Buffer | undefined> {
    this.#startDeadline();
    for await (const message of this.messages(limits.eventNode.requestBytesMax)) return message;
    return undefined;
  }

  /** As `message`, for a call that has one. Throws `GrpcError` when there is none. */
  async requiredMessage(): Promise<Buffer> {
    const message = await this.message();
    if (message === undefined) throw invalidArgument('the call has no request');
    return message;
  }

  /**
   * Sends framed messages. Resolves when the socket takes more, so that a writer which awaits it never has
   * more than one chunk waiting, however slow the peer is.
   */
  async write(frames: Buffer): Promise<void> {
    if (!this.#canWrite()) return;
    this.#respond();
    if (!this.#stream.write(frames)) await this.#drained.promise;
  }

  /** Like `write`, but what is sent in one turn of the event loop leaves in one piece. */
  writeTogether(frames: Buffer): Promise<void> {
    if (!this.#corked && this.#canWrite()) {
      this.#corked = true;
      this.#stream.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#stream.uncork();
      });
    }
    return this.write(frames);
  }

  /** Ends the call well, after all that was written. */
  end(): void {
    this.#endWith({ 'grpc-status': String(grpcStatus.ok) });
  }

  /** Ends the call with an error. */
  fail(error: GrpcError): void {
    this.#endWith({
      ...error.trailers,
      'grpc-status': String(error.status),
      'grpc-message': grpcMessage(error.message),
    });
  }

  #endWith(trailers: Record<string, string>): void {
    if (!this.#canWrite()) return;
    const answering = this.#state === 'answering';
    this.#state = 'ended';
    if (answering) {
      this.#stream.once('wantTrailers', () => {
        // The peer may have reset the stream between the last byte and this event.
        if (this.#stream.destroyed || this.#stream.closed) return;
        this.#stream.sendTrailers(trailers);
        this.#closeIfHalfOpen();
      });
      this.#stream.end();
    } else {
      this.#stream.respond({ ...responseHeaders, ...trailers }, { endStream: true });
      this.#closeIfHalfOpen();
    }
    // What the peer still sends must not hold up the connection's flow-control window.
    this.#stream.resume();
    this.#abandon();
  }

  /**
   * A peer that does not end its side must not keep the stream: it has its answer. It gets a moment to do so, since
   * a reset may overtake the trailers.
   */
  #closeIfHalfOpen(): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed || stream.state.remoteClose === 1) return;
    const grace = this.#timers.after(limits.eventNode.answeredCallGraceMs, () => {
      if (!stream.destroyed && !stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
    });
    stream.once('close', () => grace.cancel());
  }

  #startDeadline(): void {
    const { messageMs } = limits.eventNode;
    this.#deadline ??= this.#timers.after(messageMs, () =>
      this.fail(
        new GrpcError(grpcStatus.deadlineExceeded, `a message did not come in within ${messageMs} ms`),
      ),
    );
  }

  #stopDeadline(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }

  #respond(): void {
    if (this.#state !== 'open') return;
    this.#state = 'answering';
    this.#stream.respond(responseHeaders, { waitForTrailers: true });
  }

  #canWrite(): boolean {
    const writable = !this.#stream.destroyed && !this.#stream.closed && !this.signal.aborted;
    return writable && this.#state !== 'ended';
  }

  #releaseWriters(): void {
    this.#drained.resolve();
    this.#drained = Promise.withResolvers<void>();
  }

  #abandon(): void {
    if (this.signal.aborted) return;
    this.#gone.abort();
    this.#releaseWriters();
  }
}

const responseHeaders = { ':status': 200, 'content-type': 'application/grpc' } as const;

import type { WebSocket } from 'ws';
import { limits } from '../../config/limits.ts';
import { bounds } from '../../protocol/bounds.ts';

/**
 * What waits to be written to one socket.
 *
 * Frames of one tick go out in one write, as an array frame when there are several. Bytes are bounded:
 *
 *     flowing --(waiting > sendQueueBytesMax)--> collapsed --(socket drained)--> flowing, after a `resync`
 *     collapsed --(waiting > sendQueueBytesHardMax, or collapsedMsMax over)--> tooSlow: to be closed
 *
 * While collapsed, pushes are dropped: the `resync` that ends it tells the client to read what it missed.
 * Replies are never dropped; they are bounded by the commands that a connection may have in flight.
 */
export class Outbox {
  /** `undefined` while nothing waits: an idle connection is to hold nothing. */
  #frames: Buffer[] | undefined = undefined;
  #frameBytes = 0;
  #collapsedAtMs = -1;
  /** While a hello is being answered, pushes wait here so that what was missed goes out before them. */
  #held: Buffer[] | undefined;

  get isCollapsed(): boolean {
    return this.#collapsedAtMs >= 0;
  }

  get isEmpty(): boolean {
    return this.#frames === undefined;
  }

  addReply(frame: Buffer): void {
    this.#queue(frame);
    this.#frameBytes += frame.length;
  }

  addPush(frame: Buffer, webSocket: WebSocket, nowMs: number): void {
    if (this.isCollapsed) return;
    if (this.#held === undefined) this.#queue(frame);
    else this.#held.push(frame);
    this.#frameBytes += frame.length;
    if (this.#frameBytes + webSocket.bufferedAmount > limits.gateway.sendQueueBytesMax) this.collapse(nowMs);
  }

  /** Drops every push that waits, and those to come until the socket has drained. */
  collapse(nowMs: number): void {
    if (!this.isCollapsed) this.#collapsedAtMs = nowMs;
    this.#held = this.#held === undefined ? undefined : [];
    // Replies and pushes look alike here; the replies are the few that must survive.
    const replies = this.#frames?.filter(isReply) ?? [];
    this.#frames = replies.length > 0 ? replies : undefined;
    this.#frameBytes = replies.reduce((sum, frame) => sum + frame.length, 0);
  }

  /** From now on pushes are held back. */
  hold(): void {
    this.#held = [];
  }

  /** Sends `first`, then what was held back, then on as usual. */
  release(first: readonly Buffer[]): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    if (this.isCollapsed) return;
    for (const frame of first) this.#frameBytes += frame.length;
    if (first.length + held.length > 0) this.#frames = [...(this.#frames ?? []), ...first, ...held];
  }

  /**
   * Writes what waits, in one write per `framesPerMessage` frames, and ends a collapse once the socket has
   * drained. Answers `too-slow` when the connection is to be closed.
   */
  flush(webSocket: WebSocket, nowMs: number, resyncFrame: Buffer, join: JoinFrames): 'ok' | 'too-slow' {
    const waiting = webSocket.bufferedAmount + this.#frameBytes;
    if (waiting > limits.gateway.sendQueueBytesHardMax) return 'too-slow';
    if (this.isCollapsed) {
      if (waiting <= limits.gateway.sendQueueBytesMax / 2 && this.#held === undefined) {
        this.#collapsedAtMs = -1;
        this.#queue(resyncFrame);
      } else if (nowMs - this.#collapsedAtMs > limits.gateway.collapsedMsMax) {
        return 'too-slow';
      }
    }
    if (this.#frames === undefined) return 'ok';
    const frames = this.#frames;
    this.#frames = undefined;
    this.#frameBytes = this.#held?.reduce((sum, frame) => sum + frame.length, 0) ?? 0;
    for (let start = 0; start < frames.length; start += bounds.framesPerMessage) {
      webSocket.send(join(frames.slice(start, start + bounds.framesPerMessage)), sendOptions);
    }
    return 'ok';
  }

  #queue(frame: Buffer): void {
    if (this.#frames === undefined) this.#frames = [frame];
    else this.#frames.push(frame);
  }
}

/** Shared by every send: `ws` reads it and keeps nothing of it. */
const sendOptions = { binary: false, compress: false } as const;

export type JoinFrames = (frames: readonly Buffer[]) => Buffer;

/**
 * Makes one message of several frames: `[a,b,c]`. Receivers of a group mostly get the same frames in a tick, so
 * the last result is kept and shared among those.
 */
export function frameJoiner(): JoinFrames {
  let lastFrames: readonly Buffer[] = [];
  let lastBytes: Buffer = Buffer.alloc(0);
  return (frames) => {
    const [only] = frames;
    if (only !== undefined && frames.length === 1) return only;
    if (sameFrames(frames, lastFrames)) return lastBytes;
    const parts: Buffer[] = [];
    for (const frame of frames) parts.push(parts.length === 0 ? openBracket : comma, frame);
    parts.push(closeBracket);
    lastFrames = frames;
    lastBytes = Buffer.concat(parts);
    return lastBytes;
  };
}

const openBracket = Buffer.from('[');
const comma = Buffer.from(',');
const closeBracket = Buffer.from(']');

function sameFrames(one: readonly Buffer[], other: readonly Buffer[]): boolean {
  return one.length === other.length && one.every((frame, index) => frame === other[index]);
}

/** Every reply is encoded with its id first (see encode-frame.ts); no push has one. */
function isReply(frame: Buffer): boolean {
  return frame.subarray(0, replyStart.length).equals(replyStart);
}
const replyStart = Buffer.from('{"id":');

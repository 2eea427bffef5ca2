import type { WebSocket } from 'ws';
import { limits } from '../../config/limits.ts';
import type { DeviceId, UserId } from '../../domain/ids.ts';
import { type CloseReason, closeCodes } from '../../protocol/close-codes.ts';
import { Outbox } from './outbox.ts';
import type { WheelNode } from './timer-wheel.ts';

/**
 * One WebSocket's state: all that the gateway keeps per connection, apart from what `ws` and Node keep.
 *
 *     awaiting-hello --hello--> greeting --token valid--> open
 *     any --close--> closed
 *
 * No closures and no timers: an idle connection is to cost at most 4 KB. Monotonic times are whole milliseconds,
 * since V8 keeps a small integer in the object itself and gives every other number 16 bytes of its own.
 */
export class Connection implements WheelNode {
  wheelNext: WheelNode | undefined = undefined;
  wheelPrevious: WheelNode | undefined = undefined;
  wheelTick = -1;

  readonly webSocket: WebSocket;
  readonly outbox = new Outbox();
  phase: 'awaiting-hello' | 'greeting' | 'open' | 'closed' = 'awaiting-hello';
  /** Set by the hello. */
  userId: UserId | undefined = undefined;
  deviceId: DeviceId | undefined = undefined;
  /** Wall clock; the connection ends then. */
  tokenExpiresAtMs = 0;
  /** Monotonic clock, like every time below. */
  readonly openedAtMs: number;
  #lastHeardMs: number;
  commandsInFlight = 0;
  /** Whether it stands in the list of those to be flushed at the end of this tick. */
  flushQueued = false;
  /** In thousandths of a frame. */
  #allowanceMilliframes: number = limits.gateway.framesBurst * 1000;
  #allowanceAtMs: number;
  /** Frames refused since the allowance was last full. */
  #framesRefused = 0;

  constructor(webSocket: WebSocket, nowMs: number) {
    this.webSocket = webSocket;
    this.openedAtMs = Math.trunc(nowMs);
    this.#lastHeardMs = this.openedAtMs;
    this.#allowanceAtMs = this.openedAtMs;
  }

  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  heard(nowMs: number): void {
    this.#lastHeardMs = Math.trunc(nowMs);
  }

  /** Whether it goes on sending far more than it may. */
  get isOverrun(): boolean {
    return this.#framesRefused > limits.gateway.framesRefusedMax;
  }

  /** Takes so many frames, or none, from the allowance (a token bucket). 0, or how long to wait for them, ms. */
  takeFrames(count: number, nowMs: number): number {
    const atMs = Math.trunc(nowMs);
    // So many frames per second are as many thousandths of a frame per millisecond.
    const refilled =
      this.#allowanceMilliframes + (atMs - this.#allowanceAtMs) * limits.gateway.framesPerSecond;
    const full = limits.gateway.framesBurst * 1000;
    if (refilled >= full) this.#framesRefused = 0;
    this.#allowanceMilliframes = Math.min(full, refilled);
    this.#allowanceAtMs = atMs;
    const lacking = count * 1000 - this.#allowanceMilliframes;
    if (lacking > 0) {
      this.#framesRefused += count;
      return Math.ceil(lacking / limits.gateway.framesPerSecond);
    }
    this.#allowanceMilliframes -= count * 1000;
    return 0;
  }

  /** Starts the closing handshake. What stands in the outbox is not sent. */
  close(reason: CloseReason): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.webSocket.close(closeCodes[reason].code, reason);
  }
}

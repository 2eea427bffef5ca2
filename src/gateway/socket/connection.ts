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
 * No closures and no timers: an idle connection is to cost at most 4 KB.
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
  lastHeardMs: number;
  commandsInFlight = 0;
  /** Whether it stands in the list of those to be flushed at the end of this tick. */
  flushQueued = false;
  #frameAllowance: number = limits.gateway.framesBurst;
  #allowanceAtMs: number;

  constructor(webSocket: WebSocket, nowMs: number) {
    this.webSocket = webSocket;
    this.openedAtMs = nowMs;
    this.lastHeardMs = nowMs;
    this.#allowanceAtMs = nowMs;
  }

  /** Takes one frame from the allowance (a token bucket). 0, or how long to wait for the next, ms. */
  takeFrame(nowMs: number): number {
    const perMs = limits.gateway.framesPerSecond / 1000;
    const refilled = this.#frameAllowance + (nowMs - this.#allowanceAtMs) * perMs;
    this.#frameAllowance = Math.min(limits.gateway.framesBurst, refilled);
    this.#allowanceAtMs = nowMs;
    if (this.#frameAllowance < 1) return Math.ceil((1 - this.#frameAllowance) / perMs);
    this.#frameAllowance -= 1;
    return 0;
  }

  /** Starts the closing handshake. What stands in the outbox is not sent. */
  close(reason: CloseReason): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.webSocket.close(closeCodes[reason].code, reason);
  }
}

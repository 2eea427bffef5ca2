import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { CommandService } from '../../commands/requests.ts';
import { limits } from '../../config/limits.ts';
import type { UserId } from '../../domain/ids.ts';
import type { CloseReason } from '../../protocol/close-codes.ts';
import type { WireError } from '../../protocol/errors.ts';
import type { Runtime, TimerHandle } from '../../runtime/runtime.ts';
import type { Tokens } from '../../vault/tokens.ts';
import type { Hub } from '../hub/hub.ts';
import type { ReadSide } from '../read-side.ts';
import type { OpenSealed } from '../views/open-sealed.ts';
import type { UserDirectory } from '../views/user-directory.ts';
import { Connection } from './connection.ts';
import { encodeAccepted, encodePush, encodeRejected, resyncAllFrame } from './encode-frame.ts';
import type { GatewayWebSocket } from './gateway-web-socket.ts';
import { frameJoiner } from './outbox.ts';
import { receive } from './receive.ts';
import { releaseUpgrade } from './release-upgrade.ts';
import { TimerWheel } from './timer-wheel.ts';

export interface SocketGatewayOptions {
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly environment: 'development' | 'production';
  readonly commands: CommandService;
  readonly tokens: Pick<Tokens, 'verifyAccess'>;
  readonly reads: ReadSide;
  readonly hub: Hub;
  readonly directory: UserDirectory;
  readonly open: OpenSealed;
}

/**
 * All WebSockets of one process: takes them over from the upgrade, keeps their deadlines on one wheel, gathers
 * what is to be written in a tick, and lets them go.
 *
 * The listeners are shared functions that find their connection through the socket: one socket adds no closures.
 */
export class SocketGateway {
  readonly options: SocketGatewayOptions;
  readonly #connections = new Set<Connection>();
  readonly #wheel: TimerWheel<Connection>;
  readonly #join = frameJoiner();
  #ticking: TimerHandle | undefined;
  #toFlush: Connection[] = [];
  #commandsInFlight = 0;
  #draining = false;

  constructor(options: SocketGatewayOptions) {
    this.options = options;
    this.#wheel = new TimerWheel<Connection>({
      tickMs: limits.gateway.wheelTickMs,
      slots: limits.gateway.wheelSlots,
      nowMs: options.runtime.clock.monotonicMs(),
      onDue: (connection, nowMs) => this.#onDue(connection, nowMs),
    });
  }

  /** WebSockets that are open, those that have not said hello too. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  start(): void {
    const { timers, clock } = this.options.runtime;
    this.#ticking = timers.every(limits.gateway.wheelTickMs, () => this.#wheel.advance(clock.monotonicMs()));
  }

  /** Takes over a socket that has just been upgraded. */
  accept(webSocket: GatewayWebSocket, response: ServerResponse): void {
    releaseUpgrade(webSocket, response);
    const nowMs = this.options.runtime.clock.monotonicMs();
    const connection = new Connection(webSocket, nowMs);
    webSocket.takeOver(this, connection);
    this.#connections.add(connection);
    if (this.#draining) this.end(connection, 'goingAway');
    else if (this.#connections.size > limits.gateway.connectionsMax)
      this.end(connection, 'tooManyConnections');
    else this.#wheel.schedule(connection, nowMs + limits.gateway.helloDeadlineMs);
  }

  accepted(connection: Connection, id: number, data: unknown, position?: string): void {
    if (connection.phase === 'closed') return;
    connection.outbox.addReply(encodeAccepted(id, data, position));
    this.#queueFlush(connection);
  }

  rejected(connection: Connection, id: number | null, error: WireError): void {
    if (connection.phase === 'closed') return;
    connection.outbox.addReply(encodeRejected(id, error));
    this.#queueFlush(connection);
  }

  /** Queues a push; while the hello is being answered, it is held back. */
  push(connection: Connection, frame: Buffer): void {
    if (connection.phase === 'closed' || connection.userId === undefined) return;
    const nowMs = this.options.runtime.clock.monotonicMs();
    const { outbox } = connection;
    outbox.addPush(frame, connection.webSocket, nowMs);
    if (outbox.isCollapsed) this.#wheel.schedule(connection, nowMs);
    this.#queueFlush(connection);
  }

  /** Pushes what was missed, then what was held back while it was being read. */
  releaseHeld(connection: Connection, missed: readonly Buffer[]): void {
    if (connection.phase !== 'open') return;
    connection.outbox.release(missed);
    this.#queueFlush(connection);
  }

  /** Closes a connection after what waits for it was written. */
  end(connection: Connection, reason: CloseReason): void {
    if (connection.phase === 'closed') return;
    if (reason !== 'tooSlow') this.#flush(connection);
    connection.close(reason);
    this.#forget(connection);
  }

  /** Closes every connection of a user, or of one device of theirs. */
  endSessions(userId: UserId, deviceId?: string): void {
    for (const connection of [...this.options.hub.connectionsOf(userId)]) {
      if (deviceId === undefined || connection.deviceId === deviceId) this.end(connection, 'sessionRevoked');
    }
  }

  /** The token's expiry has moved: the connection's deadline has too. */
  reschedule(connection: Connection): void {
    this.#onDue(connection, this.options.runtime.clock.monotonicMs());
  }

  commandStarted(connection: Connection): void {
    connection.commandsInFlight += 1;
    this.#commandsInFlight += 1;
  }

  commandFinished(connection: Connection): void {
    connection.commandsInFlight -= 1;
    this.#commandsInFlight -= 1;
  }

  /**
   * Asks every client to come back later, each after a delay of its own, lets commands in flight be answered
   * (bounded), and closes.
   */
  async drain(): Promise<void> {
    this.#draining = true;
    const { random, timers, clock } = this.options.runtime;
    for (const connection of this.#connections) {
      const reconnectAfterMs = Math.floor(random.fraction() * limits.gateway.goingAwaySpreadMs);
      this.push(connection, encodePush('goingAway', { reconnectAfterMs }));
    }
    const deadlineMs = clock.monotonicMs() + limits.gateway.goingAwayGraceMs;
    while (this.#commandsInFlight > 0 && clock.monotonicMs() < deadlineMs) await timers.sleep(drainPollMs);
    for (const connection of [...this.#connections]) this.end(connection, 'goingAway');
    this.#ticking?.cancel();
  }

  received(connection: Connection, data: Buffer, isBinary: boolean): void {
    this.heard(connection);
    receive(this, connection, data, isBinary);
  }

  /**
   * A ping counts like a frame: over the allowance, or while the client does not read what waits for it, it is not
   * answered, so that no flood of pings can make a queue of pongs.
   */
  pinged(connection: Connection, payload: Buffer): void {
    const nowMs = this.options.runtime.clock.monotonicMs();
    connection.heard(nowMs);
    if (connection.phase === 'closed') return;
    if (connection.takeFrames(1, nowMs) > 0) {
      if (connection.isOverrun) this.end(connection, 'tooFast');
      return;
    }
    const { webSocket } = connection;
    if (webSocket.bufferedAmount <= limits.gateway.sendQueueBytesMax) webSocket.pong(payload, false);
  }

  /** Whatever the client sent, it is alive. */
  heard(connection: Connection): void {
    connection.heard(this.options.runtime.clock.monotonicMs());
  }

  /** `ws` closes the socket itself, with the right code (1009 for an oversize message): nothing else is to be done. */
  failed(error: unknown): void {
    this.options.logger.debug({ err: error }, 'a socket failed');
  }

  lost(connection: Connection): void {
    connection.phase = 'closed';
    this.#forget(connection);
  }

  #forget(connection: Connection): void {
    this.#wheel.cancel(connection);
    this.#connections.delete(connection);
    this.options.hub.leave(connection);
  }

  #queueFlush(connection: Connection): void {
    if (connection.flushQueued) return;
    connection.flushQueued = true;
    this.#toFlush.push(connection);
    if (this.#toFlush.length === 1) this.options.runtime.timers.after(0, () => this.#flushAll());
  }

  #flushAll(): void {
    const connections = this.#toFlush;
    this.#toFlush = [];
    for (const connection of connections) {
      connection.flushQueued = false;
      this.#flush(connection);
    }
  }

  #flush(connection: Connection): void {
    if (connection.phase === 'closed') return;
    const nowMs = this.options.runtime.clock.monotonicMs();
    const outcome = connection.outbox.flush(connection.webSocket, nowMs, resyncAllFrame, this.#join);
    if (outcome === 'too-slow') {
      this.end(connection, 'tooSlow');
      // A peer that does not read does not answer a closing handshake either.
      connection.webSocket.terminate();
    }
  }

  #onDue(connection: Connection, nowMs: number) {
    if (connection.phase === 'closed') return;
    if (connection.phase !== 'open') {
      const dueMs = connection.openedAtMs + limits.gateway.helloDeadlineMs;
      if (nowMs >= dueMs) this.end(connection, 'helloTimeout');
      else this.#wheel.schedule(connection, dueMs);
      return;
    }
    const tokenLeftMs = connection.tokenExpiresAtMs - this.options.runtime.clock.nowMs();
    if (tokenLeftMs <= 0) return this.end(connection, 'tokenRejected');
    const silentMs = nowMs - connection.lastHeardMs;
    if (silentMs >= limits.gateway.silentMs) {
      this.end(connection, 'silent');
      connection.webSocket.terminate();
      return;
    }
    if (connection.outbox.isCollapsed) this.#queueFlush(connection);
    let nextMs = connection.lastHeardMs + limits.gateway.heartbeatMs;
    if (silentMs >= limits.gateway.heartbeatMs) {
      connection.webSocket.ping();
      nextMs = connection.lastHeardMs + limits.gateway.silentMs;
    }
    if (connection.outbox.isCollapsed) nextMs = nowMs;
    this.#wheel.schedule(connection, Math.min(nextMs, nowMs + tokenLeftMs));
  }
}

const drainPollMs = 10;
